"""`firebreak demo` as a person runs it: real Kafka, real node, every service its own process."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from responders.entries import Step
from responders.evidence import alerting
from responders.journal import read
from responders.rederive import decided
from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from sandbox.process import ChildProcess
from schemas.alerts import Alert
from schemas.codec import decode
from schemas.topics import ALERTS
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node]

FIREBREAK = str(Path(sys.executable).with_name("firebreak"))
LONGEST = 240.0
"""Seconds; a demo takes half a minute on a quiet machine."""


class Demo:
    """One run of the command."""

    def __init__(self, folder: Path, home: Path, *options: str) -> None:
        self.report = folder / "report.json"
        self.folder = folder
        self.process = ChildProcess(
            [FIREBREAK, "demo", "--report", str(self.report), *options],
            folder / "demo.log",
            environment={"FIREBREAK_HOME": str(home), "TMPDIR": str(folder), "COLUMNS": "100"},
        )

    def outcome(self) -> dict[str, Any]:
        assert self.process.wait(LONGEST) == 0, self.process.tail()
        found: dict[str, Any] = json.loads(self.report.read_text())
        return found

    def left_behind(self) -> list[str]:
        """Processes and folders of this run that are still there."""
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        processes = [line for line in listed.stdout.splitlines() if str(self.folder) in line]
        return processes + [str(path) for path in self.folder.glob("firebreak-*")]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a path short enough for sockets."""
    return tmp_path_factory.mktemp("d")


@pytest.fixture
def running(place: Path) -> Iterator[Demo]:
    demo = Demo(place, place / "home")
    yield demo
    demo.process.stop()


def test_the_spot_oracle_attack_is_stopped_and_a_kept_demo_can_be_looked_at(place: Path) -> None:
    demo = Demo(place, place / "home", "--keep", "--picture", str(place / "demo.svg"))
    try:
        until(lambda: "Ctrl-C ends it" in demo.process.tail(), patience=LONGEST)
        _stopped(json.loads(demo.report.read_text()))
        said = demo.process.tail()
        for what in ("Kafka", "EVM node", "console", "log", "cases", "journal"):
            assert what in said
        bootstrap = next(line.split()[1] for line in said.splitlines() if "Kafka" in line)
        folder = next(place.glob("firebreak-*"))
        _replay_finds_the_same_alerts(bootstrap, folder)
        _paused_by_two_that_read_different_things(bootstrap, folder)
        _the_record_is_sound_and_decides_again(demo, bootstrap, folder)
        demo.process.interrupt()
        assert demo.process.wait(60) == 0
    finally:
        demo.process.stop()
    assert demo.left_behind() == []
    picture = (place / "demo.svg").read_text()
    assert picture.startswith("<svg")
    assert "font-face" not in picture, "a picture fetches nothing from anywhere"
    checked = _proof_checked(demo)
    assert "proved: leaf" in checked, "the proof outlives the demo"
    assert "authorised" in checked


@pytest.mark.slow
def test_the_reentrancy_attack_is_stopped(place: Path) -> None:
    outcome = Demo(place, place / "home", "--scenario", "reentrancy").outcome()
    assert outcome["paused"]
    assert outcome["attack_txs_reverted"] == outcome["attack_txs"] - 1
    assert outcome["asset"] == "ETH"


@pytest.mark.slow
def test_a_dry_run_decides_and_sends_nothing(place: Path) -> None:
    demo = Demo(place, place / "home", "--dry-run")
    outcome = demo.outcome()
    assert not outcome["paused"]
    assert not outcome["armed"]
    assert outcome["first_attack_tx_alerted"]
    assert outcome["attack_txs_reverted"] == 0
    assert outcome["brake_sent_ms"] is None
    assert outcome["loss_prevented"] == 0
    assert "rehearsed" in _proof_checked(demo)


def test_ctrl_c_leaves_no_process_and_no_lock_behind(running: Demo, place: Path) -> None:
    until(lambda: "incidents is ready" in running.process.tail(), patience=120)
    running.process.interrupt()
    assert running.process.wait(60) == 130
    assert running.left_behind() == []
    again = Demo(place, place / "home")
    try:
        until(lambda: "starting Apache Kafka" in again.process.tail())
    finally:
        again.process.stop()


def test_a_second_demo_says_why_it_cannot_start(running: Demo, place: Path) -> None:
    until(lambda: "starting Apache Kafka" in running.process.tail())
    second = Demo(place, place / "home")
    assert second.process.wait(60) == 2
    assert "a demo is running already" in second.process.tail()


def _stopped(outcome: dict[str, Any]) -> None:
    """Check what the report of a demo says."""
    assert outcome["benign_txs"] >= 2000
    assert outcome["false_alerts"] == 0
    assert outcome["first_attack_tx_alerted"]
    assert outcome["paused"]
    assert outcome["attack_txs_reverted"] == outcome["attack_txs"] - 1
    assert outcome["loss_prevented"] > outcome["loss_taken"] > 0
    assert 0 < outcome["detect_ms"] < outcome["brake_sent_ms"] < outcome["brake_mined_ms"]
    assert {"firebreak", "kafka", "node", "python"} <= outcome["versions"].keys()


def _proof_checked(demo: Demo) -> str:
    """What the command says that the demo prints for whoever doubts it."""
    (command,) = (line for line in demo.process.tail().splitlines() if " audit check " in line)
    return subprocess.run(shlex.split(command), capture_output=True, text=True, check=True).stdout


def _paused_by_two_that_read_different_things(bootstrap: str, folder: Path) -> None:
    """The pool's pause is a T2, which no manifest lets one detector pull here."""
    steps = [one.action for one in read(folder / "journal.jsonl") if isinstance(one, Step)]
    (pause,) = (one for one in steps if one.state == "authorised")
    terms = {term.name: term.value for term in pause.terms}
    assert (pause.scope, terms["families_needed"], terms["families_agreeing"]) == ("T2", 2, 2)

    broker = KafkaBroker({"bootstrap.servers": bootstrap})
    found: list[Message] = []
    for number in range(ALERTS.partitions):
        read_all(broker, Partition(ALERTS.name, number), found.append)
    (alert,) = (one for one in map(_alert, found) if one.id == pause.alert)
    first, second = alerting(alert)
    assert (first.detector, second.detector) == ("asset-outflow", "price-move")
    assert not set(first.made_from) & set(second.made_from)


def _the_record_is_sound_and_decides_again(demo: Demo, bootstrap: str, folder: Path) -> None:
    """`firebreak audit rederive` and `audit verify` of the log that the demo's services filled."""
    (check,) = (line for line in demo.process.tail().splitlines() if " audit check " in line)
    key = shlex.split(check)[-1]
    steps = [one.action for one in read(folder / "journal.jsonl") if isinstance(one, Step)]
    (pause,) = (one for one in steps if one.state == "authorised")
    environment = {
        **os.environ,
        "FIREBREAK_HOME": str(folder / "home"),
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_PROTOCOLS": str(folder / "protocols"),
        "COLUMNS": "200",
    }

    def audit(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [FIREBREAK, "audit", *arguments, "--key", key]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    tries: list[subprocess.CompletedProcess[str]] = []

    def again() -> bool:
        tries.append(audit("rederive", pause.action))
        return tries[-1].returncode == 0

    try:
        until(again, patience=60)  # until what it cites is sealed too
    except AssertionError:
        raise AssertionError(tries[-1].stdout + tries[-1].stderr) from None
    decisions = [one for one in steps if one.action == pause.action and decided(one)]
    equal = tries[-1].stdout.count("equal")
    assert equal == 2 * len(decisions), "each decision, and what it cites"
    verified = audit("verify", "--seals")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert verified.stdout.splitlines()[-1] == "sound"


def _alert(message: Message) -> Alert:
    return decode(message.value or b"", Alert)


def _replay_finds_the_same_alerts(bootstrap: str, folder: Path) -> None:
    """`firebreak replay` of the demo's own topics."""
    environment = {
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_PROTOCOLS": str(folder / "protocols"),
        "FIREBREAK_FINALITY": json.dumps({"eip155:31337": 5}),
    }
    log = folder / "replay.log"
    process = ChildProcess([FIREBREAK, "replay", "--json"], log, environment=environment)
    assert process.wait(120) == 0, process.tail()
    found = json.loads(log.read_text().splitlines()[-1])
    assert found["records"] > 500
    assert found["same"] >= 1
    assert (found["different"], found["only_live"], found["only_replayed"]) == (0, 0, 0)
