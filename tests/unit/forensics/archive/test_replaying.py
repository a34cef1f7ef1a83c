"""A replay does not know whether its records come from the log or from the archive."""

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from detectors.publisher import Publisher
from detectors.samples import address, transactions
from detectors.scorer import ScorerMaker
from detectors.service import DetectTask
from detectors.sets import EventHostMaker, HostMaker, load_set
from forensics.archive.history import Archive
from runtime import replay
from runtime.broker import History
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.settings import CORE
from schemas.alerts import AlertRecord, Withdrawal
from schemas.chain import Event, Flow, Retraction, Transaction
from schemas.codec import decode_from
from schemas.ids import content_id
from schemas.manifest import Budget, Manifest, Market
from schemas.topics import ALERTS, DEAD_LETTERS, EVENTS, TRANSACTIONS
from tests.unit.detectors.bars import bouncing, series
from tests.unit.detectors.test_events import event
from tests.unit.detectors.test_vetting import MEADOW, NAMES_POOL, code_of, deployment
from tests.unit.forensics.archive.stand import everything, keep, log, put

PROTOCOLS = ("acre", "brook")
MANIFESTS: dict[str, Manifest] = {
    name: MEADOW.model_copy(
        update={
            "protocol": name,
            "markets": (Market(market="m", asset="X", peg=Decimal(1)),),
            "budget": Budget(transactions_per_false_alert=100),
        }
    )
    for name in PROTOCOLS
}


def of_transactions() -> ScorerMaker:
    return HostMaker("core", load_set(CORE, CORE), MANIFESTS, lambda _chain: 4)


def of_events() -> ScorerMaker:
    return EventHostMaker(MANIFESTS, lambda _chain: 4)


def history() -> MemoryBroker:
    """Ordinary transactions, prices and events of two protocols, and of each one that is not; then
    a contract made to attack them, and the last block leaves the chain."""
    broker, records = log(TRANSACTIONS, EVENTS), list(transactions(150))
    theft = Flow(token=address(20), sender=address(10), to=address(777), amount=str(10**26))
    last = records[-1]
    records.append(
        msgspec.structs.replace(last, flows=(theft,) * 30, calls=last.calls * 40, block=60)
    )
    for partition, protocol in enumerate(PROTOCOLS):
        key = protocol.encode()
        moved = [
            msgspec.structs.replace(
                record, protocol=protocol, block=number // 3 + 1, index=number % 3
            )
            for number, record in enumerate(records)
        ]
        for record in moved:
            put(broker, TRANSACTIONS, record, partition, key)
        for price in series("m", [*bouncing(120), 0.9]):
            put(broker, TRANSACTIONS, price, partition, key)
        made = deployment(code_of("SpotAttack", NAMES_POOL), block=60)
        put(broker, TRANSACTIONS, made, partition, key)
        put(broker, TRANSACTIONS, gone(moved[-1]), partition)
        put(broker, TRANSACTIONS, retracted(made.chain, made.block, made.block_hash), partition)
        publish_events(broker, protocol, partition)
    return broker


def publish_events(broker: MemoryBroker, protocol: str, partition: int) -> None:
    chance = random.Random(protocol)
    sizes = [int(chance.lognormvariate(40, 1)) for _ in range(300)]
    sizes += [10**25] * 2
    moved = [
        msgspec.structs.replace(event(block, size), protocol=protocol)
        for block, size in enumerate(sizes)
    ]
    for record in (*moved, gone(moved[-1])):
        put(broker, EVENTS, record, partition)


def gone(record: Transaction | Event) -> Retraction:
    """The block of a record leaves the chain."""
    return retracted(record.chain, record.block, record.block_hash)


def retracted(chain: str, number: int, name: str) -> Retraction:
    return Retraction(
        id=content_id("retraction", chain, name), chain=chain, number=number, hash=name,
        parent="0x" + "0" * 64, timestamp=0,
    )  # fmt: skip


def replayed(source: History, maker: ScorerMaker) -> tuple[list[bytes], str]:
    """Return the alerts that a history raises, and the digest of what was learned from it."""
    output = log(ALERTS, DEAD_LETTERS)
    metrics, producer = Metrics(), output.producer()
    task = DetectTask(
        Intake(producer, metrics, "replay"),
        Publisher(producer, SystemClock(), metrics, signer=None),
        maker,
        metrics,
        store=None,
    )
    stretch = replay.stretch(source, maker.topic.name, "beginning", "end")
    task.assigned(list(stretch))
    replay.read(source, stretch, task.process)
    assert everything(output, DEAD_LETTERS.name) == []
    found = everything(output, ALERTS.name)
    return sorted(message.value or b"" for message in found), task.digest()


def said(values: list[bytes]) -> set[tuple[str, str]]:
    """Return for each protocol what was alerted of, and whether some of it was taken back."""
    records: list[AlertRecord] = [decode_from(ALERTS, value) for value in values]  # type: ignore[misc]  # what the topic carries
    return {(one.protocol, _about(one)) for one in records}


def _about(record: AlertRecord) -> str:
    if isinstance(record, Withdrawal):
        return "withdrawal"
    return "price" if record.votes[0].detector == "depeg" else record.subject


@pytest.mark.parametrize(
    ("maker", "subjects"),
    [
        (of_transactions, {"transaction", "price", "deployment", "withdrawal"}),
        (of_events, {"transaction", "withdrawal"}),
    ],
)
def test_alerts_and_what_was_learned_are_the_same(
    maker: Callable[[], ScorerMaker], subjects: set[str], tmp_path: Path
) -> None:
    broker = history()
    keep(broker, tmp_path, maker().topic.name, turns=150)
    alerts, state = replayed(broker, maker())
    assert said(alerts) == {(name, subject) for name in PROTOCOLS for subject in subjects}
    assert replayed(Archive(tmp_path), maker()) == (alerts, state)
