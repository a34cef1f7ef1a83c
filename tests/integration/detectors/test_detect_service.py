"""`firebreak detect` as it is scaled: started again, it takes a share; ended, it gives it back."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from detectors.samples import transactions
from runtime.broker import Message, Partition, Producer, read_all
from runtime.kafka import KafkaBroker
from runtime.signatures import generate
from sandbox.process import ChildProcess
from schemas.chain import Transaction
from schemas.codec import decode_from, encode
from schemas.operations import KeyState
from schemas.topics import DETECTOR_STATE, TOPICS, TRANSACTIONS
from tests.groups import behind
from tests.waiting import until

pytestmark = pytest.mark.kafka

GROUP = "firebreak-detect-core"
PROTOCOLS = tuple(f"protocol-{number}" for number in range(12))
ROUND = 10
"""Transactions of each protocol between two changes of the group."""

SAMPLES = tuple(transactions(3 * ROUND))


class Detect:
    """One `firebreak detect`."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str]) -> None:
        command = [str(Path(sys.executable).with_name("firebreak")), "detect"]
        self.log = folder / f"{name}.log"
        self.process = ChildProcess(command, self.log, folder=folder, environment=environment)

    def restored(self) -> set[int]:
        """Return every partition that it was ever given."""
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        events = (json.loads(line) for line in lines)
        return {event["partition"] for event in events if event["event"] == "restored"}


@contextmanager
def detect(name: str, folder: Path, environment: dict[str, str]) -> Iterator[Detect]:
    running = Detect(name, folder, environment)
    try:
        yield running
    finally:
        assert running.process.stop() == 0, running.process.tail()


def _publish(producer: Producer, samples: Iterable[Transaction]) -> None:
    for sample in samples:
        for protocol in PROTOCOLS:
            record = msgspec.structs.replace(sample, protocol=protocol)
            producer.send(TRANSACTIONS.name, encode(record), key=protocol.encode())
    producer.flush()


def _marks(broker: KafkaBroker) -> dict[str, tuple[int, int]]:
    """Return how far every protocol's newest snapshot has come: block and index."""
    found: dict[str, tuple[int, int]] = {}

    def take(message: Message) -> None:
        record = decode_from(DETECTOR_STATE, message.value or b"")
        if isinstance(record, KeyState):
            block, index = record.state["host"]["mark"]
            found[record.key] = (block, index)

    for number in range(DETECTOR_STATE.partitions):
        read_all(broker, Partition(DETECTOR_STATE.name, number), take)
    return found


def test_a_second_detector_shares_the_partitions_and_gives_them_back(
    tmp_path: Path, broker: KafkaBroker, bootstrap: str, namespace: str
) -> None:
    broker.create(TOPICS.values())
    environment = {
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_KAFKA__NAMESPACE": namespace,
        "FIREBREAK_DETECT__SIGNING_KEY": str(generate(tmp_path / "keys", "detector")),
    }
    every = set(range(TRANSACTIONS.partitions))
    producer = broker.producer()

    newest = (SAMPLES[-1].block, SAMPLES[-1].index)

    with detect("one", tmp_path, environment) as one:
        _publish(producer, SAMPLES[:ROUND])
        until(lambda: one.restored() == every)
        with detect("two", tmp_path, environment) as two:
            until(lambda: len(two.restored()) == TRANSACTIONS.partitions // 2)
            _publish(producer, SAMPLES[ROUND : 2 * ROUND])
        _publish(producer, SAMPLES[2 * ROUND :])
        until(lambda: behind(broker, GROUP, TRANSACTIONS.name) == 0)
    assert _marks(broker) == dict.fromkeys(PROTOCOLS, newest)
