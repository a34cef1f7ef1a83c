"""Where a case stands survives, and nothing that breaks a rule gets into its log or out of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from responders.recovery.course import FULL, NotYetError, Terms, missing
from responders.recovery.events import (
    Approved,
    BrakedAgain,
    CarriedOut,
    CauseRecorded,
    Elapsed,
    Observed,
    Staged,
)
from responders.recovery.holds import Hold
from responders.recovery.log import Log, Opened, alone
from schemas.errors import ConfigurationError

TERMS = Terms(signers=frozenset({"0xa", "0xb"}), quorum=2, green_blocks=1, ramp=(FULL,))


PEOPLE_ONLY = Hold("T2", None)


def begun(path: Path, hold: Hold = PEOPLE_ONLY) -> Log:
    return Log.open_case(path, Opened("ab" * 32, TERMS, hold))


def step(name: str) -> list[Staged | Approved | CarriedOut]:
    return [Staged(name, 3), Approved(name, "0xa"), Approved(name, "0xb"), CarriedOut(name)]


def test_a_case_stands_where_its_log_says(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = begun(path)
    log.record(CauseRecorded("a key was stolen"), Staged("x", 7), Approved("x", "0xa"))
    assert missing(log.course) == ("1 more of 2 signers approve",)
    again = Log(path)
    assert again.course == log.course
    assert again.staged == Staged("x", 7)
    again.record(*step("y"), Observed(5, green=True), *step("z"), Observed(6, green=True))
    assert Log(path).course.phase == "closed"
    assert Log(path).tries == 3
    assert path.stat().st_mode & 0o077 == 0


def test_a_refused_event_leaves_no_trace_not_even_of_those_before_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = begun(path)
    before = path.read_bytes()
    with pytest.raises(NotYetError, match="nothing is staged"):
        log.record(CauseRecorded("a key was stolen"), CarriedOut("x"))
    assert path.read_bytes() == before
    assert log.course.cause == ""


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [*lines[:-1], lines[-1][:-3]],
        lambda lines: lines[1:],
        lambda lines: [*lines[:1], b'{"event":"carried-out","proposal":"x"}\n'],
        lambda lines: [*lines, b'{"event":"resumed"}\n'],
        lambda lines: [*lines, b"\xff\n"],
        lambda lines: [],
    ],
)
def test_a_log_that_cannot_be_followed_is_not(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "log"
    begun(path).record(CauseRecorded("a key was stolen"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(damage(lines)))  # type: ignore[operator]
    with pytest.raises(ConfigurationError, match="log"):
        Log(path)


def test_one_process_at_a_time_takes_a_turn(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with alone(path):
        with (
            pytest.raises(ConfigurationError, match=r"log\.lock: another .* run it again"),
            alone(path),
        ):
            pass
        with alone(tmp_path / "another case's"):
            begun(path)
    holds = (
        "import os, pathlib, sys; from responders.recovery.log import alone\n"
        "with alone(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", holds, str(path)], check=False).returncode == -9
    with alone(path):
        assert Log(path).turns == 1, "a process that was killed holds nothing"
    with pytest.raises(ConfigurationError, match="No such file"), alone(tmp_path / "none" / "log"):
        pass


def test_a_false_alarm_that_lapsed_closes_with_a_cause_and_green_blocks(tmp_path: Path) -> None:
    log = begun(tmp_path / "log", Hold("T1", 100))
    with pytest.raises(NotYetError, match="lets go by itself at 100"):
        log.record(Elapsed(99))
    log.record(Elapsed(100), CauseRecorded("a keeper's typo"))
    assert log.course.released == FULL
    log.record(Observed(5, green=True))
    assert log.course.phase == "closed"
    log.record(BrakedAgain(Hold("T1", 300)))
    assert (log.course.phase, log.course.released, log.course.cause) == ("respond", 0, "")


@pytest.mark.parametrize(
    ("quorum", "green", "ramp"),
    [
        (0, 1, (FULL,)),
        (3, 1, (FULL,)),
        (1, 0, (FULL,)),
        (1, 1, ()),
        (1, 1, (FULL, FULL)),
        (1, 1, (5000,)),
        (1, 1, (0, FULL)),
    ],
)
def test_terms_under_which_a_release_means_nothing_are_refused(
    quorum: int, green: int, ramp: tuple[int, ...]
) -> None:
    with pytest.raises(ConfigurationError):
        Terms(signers=TERMS.signers, quorum=quorum, green_blocks=green, ramp=ramp)
