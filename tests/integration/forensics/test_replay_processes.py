"""`firebreak replay --processes`: what one of them meets, all of them end with."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from detectors.samples import transactions
from runtime.intake import FUSE
from runtime.kafka import KafkaBroker
from sandbox.process import ChildProcess
from schemas.codec import encode
from schemas.topics import ALERTS, DEAD_LETTERS, TRANSACTIONS
from tests.waiting import until

pytestmark = pytest.mark.kafka

Replay = Callable[[], ChildProcess]


@pytest.fixture
def replay(broker: KafkaBroker, bootstrap: str, namespace: str, tmp_path: Path) -> Replay:
    """Two partitions with transactions, and what starts a replay of them by two processes."""
    broker.create((TRANSACTIONS, ALERTS, DEAD_LETTERS))
    producer = broker.producer()
    for partition, protocol in enumerate(("acre", "brook")):
        for sample in transactions(1_000):
            record = msgspec.structs.replace(sample, protocol=protocol)
            key = protocol.encode()
            producer.send(TRANSACTIONS.name, encode(record), key=key, partition=partition)
    producer.close()
    environment = {
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_KAFKA__NAMESPACE": namespace,
        "FIREBREAK_PROTOCOLS": str(tmp_path / "none"),
    }
    firebreak = str(Path(sys.executable).with_name("firebreak"))
    command = [firebreak, "replay", "--json", "--processes", "2"]
    return lambda: ChildProcess(command, tmp_path / "log", folder=tmp_path, environment=environment)


def workers(process: ChildProcess) -> list[int]:
    """Return the processes that a replay has started to score."""
    pid = process.pid
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    lines = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in found}
    return [child for child, line in lines.items() if b"spawn_main" in line]


def test_what_one_cannot_go_on_with_is_said_and_stops_the_others(
    replay: Replay, broker: KafkaBroker
) -> None:
    producer = broker.producer()
    for _ in range(FUSE):
        producer.send(TRANSACTIONS.name, b"rubbish", partition=1)
    producer.close()

    process = replay()

    assert process.wait(60) == 4, process.tail()
    said = " ".join(process.tail().split())
    assert f"{FUSE} unreadable records in a row on {TRANSACTIONS.name}, the last at [1]" in said


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_one_that_is_killed_is_told_of(replay: Replay) -> None:
    process = replay()
    until(lambda: len(workers(process)) == 2)
    os.kill(workers(process)[0], signal.SIGKILL)

    assert process.wait(60) == 3, process.tail()
    assert "take fewer --processes" in " ".join(process.tail().split())
