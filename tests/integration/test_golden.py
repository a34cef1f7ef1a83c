"""The golden case: a real block with a real exploit, through the real pipeline.

Ethereum block 10355807 has 28 transactions and 613 logs; one transaction drained a Balancer pool of
a deflationary token. Nothing here tells the pipeline which.
"""

import csv
import sys
from pathlib import Path

import pytest

from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from runtime.signatures import generate, load_verifier
from sandbox.process import ChildProcess
from schemas.alerts import Alert
from schemas.codec import decode_from
from schemas.topics import ALERTS, TOPICS, TRANSACTIONS
from tests.waiting import until

pytestmark = pytest.mark.kafka

EXPLOIT = "0x013be97768b702fe8eccef1a40544d5ecb3c1961ad5f87fee4d16fdc08c78106"
COUNTS = ("--without", "logs", "--without", "frames")


def firebreak(
    *arguments: str, log: Path, environment: dict[str, str] | None = None
) -> ChildProcess:
    command = [str(Path(sys.executable).with_name("firebreak")), *arguments]
    return ChildProcess(command, log, folder=log.parent, environment=environment or {})


@pytest.mark.parametrize("without", [(), COUNTS], ids=["all features", "without counts"])
def test_blind_scoring_ranks_the_exploit_first_and_alerts_on_nothing_else(
    data: Path, tmp_path: Path, without: tuple[str, ...]
) -> None:
    out = tmp_path / "scores.csv"
    process = firebreak(
        "score", str(data / "balancer_sta_block"), "--out", str(out), *without,
        log=tmp_path / "log",
    )  # fmt: skip
    assert process.wait(60) == 0, process.tail()
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 28
    assert max(rows, key=lambda row: float(row["score"]))["tx"] == EXPLOIT
    assert [row["tx"] for row in rows if row["alerted"] == "1"] == [EXPLOIT]


def test_the_exploit_is_alerted_through_kafka_and_nothing_else_is(
    data: Path, tmp_path: Path, broker: KafkaBroker, bootstrap: str, namespace: str
) -> None:
    broker.create(TOPICS.values())
    key = generate(tmp_path / "keys", "detector")
    environment = {
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_KAFKA__NAMESPACE": namespace,
        "FIREBREAK_DETECT__SIGNING_KEY": str(key),
    }
    ingest = firebreak(
        "ingest", "files", str(data / "balancer_sta_block"),
        log=tmp_path / "ingest.log", environment=environment,
    )  # fmt: skip
    assert ingest.wait(60) == 0, ingest.tail()
    detect = firebreak("detect", log=tmp_path / "detect.log", environment=environment)
    try:
        until(lambda: _scored(broker) == 28)
    finally:
        assert detect.stop() == 0, detect.tail()
    verifier = load_verifier(key.parent)
    alerts = _alerts(broker)
    for message, _ in alerts:
        verifier.check(message, head=None)
    assert [alert.tx for _, alert in alerts] == [EXPLOIT]
    assert _count(broker, TRANSACTIONS.name) == 28


def _alerts(broker: KafkaBroker) -> list[tuple[Message, Alert]]:
    found: list[tuple[Message, Alert]] = []

    def take(message: Message) -> None:
        record = decode_from(ALERTS, message.value or b"")
        if isinstance(record, Alert):
            found.append((message, record))

    for number in range(ALERTS.partitions):
        read_all(broker, Partition(ALERTS.name, number), take)
    return found


def _scored(broker: KafkaBroker) -> int:
    partitions = [Partition(TRANSACTIONS.name, n) for n in range(TRANSACTIONS.partitions)]
    return sum(broker.committed("firebreak-detect-core", partitions).values())


def _count(broker: KafkaBroker, topic: str) -> int:
    bounds = (broker.bounds(Partition(topic, n)) for n in range(broker.partitions(topic)))
    return sum(high - low for low, high in bounds)
