"""`firebreak replay --processes`: what one of them meets, all of them end with."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
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

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

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


def workers(replay: int) -> set[int]:
    """Return the processes that a replay has started to score."""
    found: set[int] = set()
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == replay and b"spawn_main" in (place / "cmdline").read_bytes():
                found.add(int(place.name))
    return found


def begun(process: ChildProcess) -> set[int]:
    """Return its workers once all are there."""
    until(lambda: len(workers(process.pid)) == 2)
    return workers(process.pid)


def alive(pids: set[int]) -> bool:
    return any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_what_one_cannot_go_on_with_is_said_and_ends_the_others(
    replay: Replay, broker: KafkaBroker
) -> None:
    producer = broker.producer()
    for _ in range(FUSE):
        producer.send(TRANSACTIONS.name, b"rubbish", partition=1)
    producer.close()

    process = replay()
    pids = begun(process)

    assert process.wait(60) == 4, process.tail()
    said = " ".join(process.tail().split())
    assert f"{FUSE} unreadable records in a row on {TRANSACTIONS.name}, the last at [1]" in said
    assert not alive(pids)


def test_one_that_is_killed_is_told_of(replay: Replay) -> None:
    process = replay()
    pids = begun(process)
    os.kill(min(pids), signal.SIGKILL)

    assert process.wait(60) == 3, process.tail()
    assert "take fewer --processes" in " ".join(process.tail().split())
    assert not alive(pids)


def test_ctrl_c_ends_all_without_a_word(replay: Replay) -> None:
    process = replay()
    pids = begun(process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to the whole group

    assert process.wait(60) == 130, process.tail()
    assert "Traceback" not in process.tail()
    assert not alive(pids)


def test_they_end_with_whoever_started_them(replay: Replay) -> None:
    process = replay()
    pids = begun(process)
    os.kill(process.pid, signal.SIGKILL)  # it alone

    until(lambda: not alive(pids))
    process.kill()
