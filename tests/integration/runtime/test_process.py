"""A service as a process of its own: asked to end, killed, and joined by another."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from schemas.chain import Price
from schemas.topics import TopicSpec

pytestmark = pytest.mark.kafka

PATIENCE = 60.0
SOURCE, TARGET = (
    TopicSpec(name=name, doc="", records=(Price,), key="market", partitions=2, retention_hours=1)
    for name in ("source-v1", "target-v1")
)


class Processes:
    def __init__(self, bootstrap: str, namespace: str, folder: Path) -> None:
        self._environment = os.environ | {
            "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": namespace,
            "FIREBREAK_KAFKA__OPTIONS": json.dumps(
                {"session.timeout.ms": "2000", "heartbeat.interval.ms": "300"}
            ),
        }
        self._folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, interval: float) -> subprocess.Popen[bytes]:
        program = Path(__file__).parent / "copying.py"
        command = [sys.executable, str(program), SOURCE.name, TARGET.name, str(interval)]
        with self.log(len(self.started)).open("wb") as log:
            process = subprocess.Popen(command, env=self._environment, cwd=self._folder, stderr=log)
        self.started.append(process)
        return process

    def log(self, number: int) -> Path:
        return self._folder / f"{number}.log"


@pytest.fixture
def processes(bootstrap: str, namespace: str, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(bootstrap, namespace, tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.wait()


@pytest.fixture
def log(broker: KafkaBroker) -> KafkaBroker:
    broker.create([SOURCE, TARGET])
    return broker


def _write(broker: KafkaBroker, numbers: range) -> None:
    producer = broker.producer()
    for number in numbers:
        producer.send(SOURCE.name, b"%d" % number, partition=number % 2)
    producer.flush()


def _ends(broker: KafkaBroker, topic: str) -> int:
    return sum(broker.bounds(Partition(topic, number))[1] for number in range(2))


def _committed(broker: KafkaBroker) -> int:
    both = [Partition(SOURCE.name, number) for number in range(2)]
    return sum(broker.committed("copying", both).values())


def _copies(broker: KafkaBroker, number: int) -> list[int]:
    found: list[Message] = []
    read_all(broker, Partition(TARGET.name, number), found.append)
    return [int(message.value or b"") for message in found]


def _until(condition: Callable[[], bool], *running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        assert all(process.poll() is None for process in running)


def test_a_service_that_is_asked_to_end_finishes_what_is_in_hand(
    log: KafkaBroker, processes: Processes
) -> None:
    _write(log, range(300))
    service = processes.start(interval=3600)
    _until(lambda: _ends(log, TARGET.name) > 0, service)

    service.send_signal(signal.SIGTERM)

    assert service.wait(PATIENCE) == 0
    copied = _ends(log, TARGET.name)
    assert _committed(log) == copied > 0, "what was copied is committed, and nothing else"
    for number in range(2):
        copies = _copies(log, number)
        assert copies == list(range(number, 2 * len(copies) + number, 2))
    events = [json.loads(line) for line in processes.log(0).read_text().splitlines()]
    assert events[-1]["event"] == "stopped"
    assert events[-1]["asked_by"] == ["SIGTERM"]


def test_a_service_that_is_killed_reads_again_what_it_had_not_committed(
    log: KafkaBroker, processes: Processes
) -> None:
    _write(log, range(300))
    first = processes.start(interval=3600)
    _until(lambda: _ends(log, TARGET.name) >= 300, first)
    assert _committed(log) == 0
    first.kill()
    assert first.wait(PATIENCE) == -signal.SIGKILL

    second = processes.start(interval=0.1)
    _until(lambda: _committed(log) == 300, second)

    for number in range(2):
        times = Counter(_copies(log, number))
        assert sorted(times) == list(range(number, 300, 2)), "none is missing"
        assert set(times.values()) == {2}, "all were copied again, since none was committed"


def test_a_service_killed_at_any_moment_loses_nothing(
    log: KafkaBroker, processes: Processes
) -> None:
    _write(log, range(2000))
    goals = (100, 700, 1500)
    for goal in goals:
        service = processes.start(interval=0.02)
        _until(lambda: _committed(log) >= goal, service)  # noqa: B023 - called at once
        service.kill()
        service.wait(PATIENCE)
    last = processes.start(interval=0.05)
    _until(lambda: _committed(log) == 2000, last)

    for number in range(2):
        copies = _copies(log, number)
        assert sorted(set(copies)) == list(range(number, 2000, 2))
        firsts = list(dict.fromkeys(copies))
        assert firsts == sorted(firsts), "in order, repeats aside"


def test_a_second_service_takes_a_share_and_the_first_takes_it_back(
    log: KafkaBroker, processes: Processes
) -> None:
    first = processes.start(interval=0.1)
    _write(log, range(100))
    _until(lambda: _committed(log) == 100, first)
    second = processes.start(interval=0.1)
    _until(lambda: b"source-v1[" in processes.log(1).read_bytes(), first, second)

    _write(log, range(100, 200))
    _until(lambda: _committed(log) == 200, first, second)
    second.kill()
    _write(log, range(200, 300))
    _until(lambda: _committed(log) == 300, first)

    for number in range(2):
        assert sorted(set(_copies(log, number))) == list(range(number, 300, 2))
