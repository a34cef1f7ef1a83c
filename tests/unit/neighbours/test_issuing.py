"""Our own word: numbered once, coalesced, bounded, and known again after a restart."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neighbours.issuing import MOST_PER_HOUR, MOST_WAITING, Issuing
from neighbours.sequence import Sequence
from runtime.admission import Admission
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.signals import Signal
from tests.unit.neighbours.examples import NOW, Signing, address
from tests.unit.neighbours.test_outbound import OURS, RULES, case, sighting


def issuing(folder: Path, **changes: Any) -> Issuing:
    given: dict[str, Any] = {
        "signer": Signing(),
        "sequence": Sequence(folder / "sequence"),
        "rules": RULES,
        "tlp": "amber",
        "homes": {"meadow": OURS},
    }
    return Issuing(**given | changes)


def test_a_case_becomes_a_signal_that_every_reader_takes(tmp_path: Path) -> None:
    own, sent = issuing(tmp_path), list[Signal]()
    own.consider(case())
    own.tell(NOW, sent.append)
    (signal,) = sent
    Admission([address(9)]).admit(signal, NOW)
    assert (signal.seq, signal.expiry, signal.tlp) == (1, NOW + RULES.lifetime, "amber")


def test_what_happens_in_between_is_coalesced(tmp_path: Path) -> None:
    own, sent = issuing(tmp_path), list[Signal]()
    for second in range(50):
        own.consider(case(latest=NOW + second, severity="high"))
        own.tell(NOW + second, sent.append)
    assert len(sent) == 1
    own.consider(case(latest=NOW + 50))
    own.tell(NOW + 50, sent.append)
    assert [one.severity for one in sent] == ["high", "critical"]
    assert sent[0].id == sent[1].id


def test_what_is_over_is_forgotten_once_it_was_taken_back(tmp_path: Path) -> None:
    own, sent = issuing(tmp_path), list[Signal]()
    own.consider(case())
    own.tell(NOW, sent.append)
    own.consider(case(sightings=(sighting(withdrawn=True),), severity="low", phase="closed"))
    own.tell(NOW + 60, sent.append)
    own.tell(NOW + RULES.lifetime, sent.append)
    assert [one.confidence for one in sent] == [7_000, 0]
    assert own._waiting == {}


def test_a_case_of_nobody_is_not_told(tmp_path: Path) -> None:
    own, sent = issuing(tmp_path), list[Signal]()
    own.consider(case(protocol="orchard"))
    own.tell(NOW, sent.append)
    assert sent == []


def test_a_restart_says_nothing_twice_and_uses_no_number_again(tmp_path: Path) -> None:
    own, sent = issuing(tmp_path), list[Signal]()
    own.consider(case())
    own.tell(NOW, sent.append)
    again = issuing(tmp_path)
    again.remember(sent[0])
    again.consider(case())
    again.tell(NOW + 1, sent.append)
    assert len(sent) == 1
    again.consider(case(id="d" * 64))
    again.tell(NOW + 1, sent.append)
    assert [one.seq for one in sent] == [1, 2]


def test_a_lost_file_does_not_bring_a_number_back(tmp_path: Path) -> None:
    own, sent = issuing(tmp_path), list[Signal]()
    own.consider(case())
    own.tell(NOW, sent.append)
    (tmp_path / "sequence").unlink()
    again = issuing(tmp_path)
    again.remember(sent[0])
    again.consider(case(id="d" * 64))
    again.tell(NOW, sent.append)
    assert [one.seq for one in sent] == [1, 2]


def test_what_the_topic_did_not_keep_is_due_still_under_another_number(tmp_path: Path) -> None:
    own, sent = issuing(tmp_path), list[Signal]()

    def failing(signal: Signal) -> None:
        raise UnsafeToContinueError(f"{signal.seq} was not kept")

    own.consider(case())
    with pytest.raises(UnsafeToContinueError):
        own.tell(NOW, failing)
    own.tell(NOW, sent.append)
    assert [one.seq for one in sent] == [2]


def test_a_signer_that_does_not_answer_is_asked_again(tmp_path: Path) -> None:
    class Absent(Signing):
        def sign_statement(self, signal: Signal) -> str:
            raise TransientError("no answer")

    own = issuing(tmp_path, signer=Absent())
    own.consider(case())
    with pytest.raises(TransientError):
        own.tell(NOW, lambda _: None)


def test_a_flood_of_cases_is_bounded_and_the_gravest_go_first(tmp_path: Path) -> None:
    own, sent = issuing(tmp_path), list[Signal]()
    for number in range(MOST_WAITING + 50):
        grave = "critical" if number % 20 == 0 else "high"
        own.consider(case(id=f"{number:064x}", severity=grave))
    own.tell(NOW, sent.append)
    assert len(sent) == MOST_PER_HOUR
    assert [one.severity for one in sent[:50]] == ["critical"] * 50
    own.tell(NOW + 1, sent.append)
    assert len(sent) == MOST_PER_HOUR
    own.tell(NOW + 3600, sent.append)
    assert len(sent) == 2 * MOST_PER_HOUR
    assert len(own._waiting) <= MOST_WAITING


# ---------------------------------------------------------------------- the sequence


def test_a_number_is_on_disk_before_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "sequence"
    assert Sequence(path).next() == 1
    assert path.read_text() == "1\n"
    assert [Sequence(path).next() for _ in range(3)] == [2, 3, 4]


def test_a_file_that_holds_no_number_stops_it(tmp_path: Path) -> None:
    for text in ("", "-3", "many", "1" * 30):
        (tmp_path / "sequence").write_text(text)
        with pytest.raises(ConfigurationError, match="holds no sequence"):
            Sequence(tmp_path / "sequence")


def test_a_disk_that_takes_nothing_stops_it(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    sequence = Sequence(tmp_path / "sequence")
    (tmp_path / "sequence.new").mkdir()
    with pytest.raises(UnsafeToContinueError):
        sequence.next()


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["next", "restart", "seen", "lost"]), max_size=30))
def test_no_number_is_ever_used_twice(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    path = tmp_path_factory.mktemp("sequence") / "sequence"
    sequence, used = Sequence(path), list[int]()
    for step in steps:
        if step == "next":
            used.append(sequence.next())
        elif step == "seen":
            sequence.at_least(max(used, default=0) + 3)
        else:
            if step == "lost":
                path.unlink(missing_ok=True)
            sequence = Sequence(path)
            sequence.at_least(max(used, default=0))  # as the topic tells
    assert len(set(used)) == len(used)
    assert used == sorted(used)
