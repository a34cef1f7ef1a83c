"""A replay does not know whether its records come from the log or from the archive."""

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import replaying
from detectors.samples import address, transactions
from detectors.scorer import ScorerMaker
from detectors.sets import EventHostMaker, HostMaker, load_set
from forensics.archive.history import Archive
from runtime import replay
from runtime.broker import History, Partition
from runtime.memory import MemoryBroker
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


def replayed(source: History, maker: ScorerMaker, processes: int = 1) -> tuple[list[bytes], str]:
    """Return the alerts that a history raises, and the digest of what was learned from it, when so
    many share the partitions."""
    output = log(ALERTS, DEAD_LETTERS)
    stretch = replay.stretch(source, maker.topic.name, "beginning", "end")
    told: list[int] = []
    parts = [
        replaying.score_again(source, part, maker, output.producer(), told.append)
        for part in replaying.shares(stretch, processes)
    ]
    assert sum(told) == sum(part.records for part in parts)
    assert everything(output, DEAD_LETTERS.name) == []
    found = everything(output, ALERTS.name)
    learned = (pair for part in parts for pair in part.learned)
    return sorted(message.value or b"" for message in found), replaying.state(learned)


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
    assert replayed(Archive(tmp_path), maker(), processes=2) == (alerts, state)


@given(
    st.dictionaries(
        st.integers(0, 40).map(lambda number: Partition(TRANSACTIONS.name, number)),
        st.tuples(st.integers(0, 100), st.integers(0, 100)).map(
            lambda sizes: (sizes[0], sum(sizes))
        ),
    ),
    st.integers(1, 6),
)
def test_processes_share_the_partitions_evenly_and_leave_none_out(
    stretch: replay.Stretch, processes: int
) -> None:
    parts = replaying.shares(stretch, processes)

    assert len(parts) <= processes
    assert all(parts)
    together = [item for part in parts for item in part.items()]
    assert sorted(together) == sorted(item for item in stretch.items() if item[1][0] < item[1][1])
    if len(parts) > 1:
        sizes = [sum(last - first for first, last in part.values()) for part in parts]
        largest = max(last - first for first, last in stretch.values())
        assert max(sizes) - min(sizes) <= largest
