"""From the topics into the picture: everything at the start, what comes, nothing that is forged."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from console.feed import Feed
from console.lookup import MISSED_SECONDS, Lookup
from console.picture import Picture, Seen
from console.trust import Trust
from runtime.broker import Partition
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.partitioner import partition_of
from schemas.base import Record
from schemas.chain import Transaction
from schemas.codec import encode
from schemas.errors import TransientError
from schemas.headers import hop_headers
from schemas.incidents import Hop
from schemas.topics import ALERTS, DECISIONS, INCIDENTS, TOPICS, TRANSACTIONS
from tests.people import NOW, by_provider, by_wallet, proposal
from tests.unit.console.scene import CHAIN, TX, Clock, alert, case

Hops = dict[Hop, int]


def send(broker: MemoryBroker, topic: str, record: Record, hops: Hops | None = None) -> None:
    producer = broker.producer()
    where = partition_of(b"meadow", TOPICS[topic].partitions)  # as Kafka's clients choose it
    producer.send(
        topic, encode(record), key=b"meadow", headers=hop_headers(hops or {}), partition=where
    )
    producer.flush()


def nothing() -> None:
    """Do nothing meanwhile."""


class Running:
    """A feed that reads a log in memory, and the loop that it folds in."""

    def __init__(self) -> None:
        self.broker, self.picture, self.metrics = MemoryBroker(), Picture(), Metrics()
        self.broker.create(TOPICS.values())
        self.broker.milliseconds = NOW * 1000
        self.clock = Clock()
        self.feed = Feed(self.broker, self.picture, Trust(), self.metrics, self.clock)
        self.changed: list[frozenset[str]] = []

    def until(self, condition: Callable[[], bool], meanwhile: Callable[[], None] = nothing) -> None:
        """Let it read until something is so, and end it."""

        async def scene() -> None:
            loop, stop, looked = asyncio.get_running_loop(), threading.Event(), asyncio.Event()
            told: list[bool] = []

            def changed(regions: frozenset[str]) -> None:
                self.changed.append(regions)
                looked.set()

            reading = loop.run_in_executor(None, self.feed.run, 72, loop, changed, stop)
            while not condition():
                if self.feed.caught_up and not told:
                    told.append(True)
                    meanwhile()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await looked.wait()
                looked.clear()
            stop.set()
            await reading

        _run(scene())


def _run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work

    asyncio.run(bounded())


def test_it_knows_what_was_there_and_hears_what_comes() -> None:
    running = Running()
    send(running.broker, INCIDENTS.name, case())
    running.until(
        lambda: bool(running.picture.alerts),
        lambda: send(running.broker, ALERTS.name, alert(), {"scored": 5}),
    )
    assert running.picture.cases
    (seen,) = running.picture.alerts.values()
    assert seen.times == {"scored": 5}
    assert {"alerts", "map"} in running.changed


def test_a_broker_that_is_away_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    running = Running()

    def away(_partition: Partition) -> tuple[int, int]:
        raise TransientError("no broker answers")

    def go() -> None:
        monkeypatch.setattr(running.broker, "bounds", away)
        running.clock.seconds += 60

    running.until(
        lambda: running.feed.caught_up and running.clock.monotonic() - running.feed.looked >= 60, go
    )


def test_what_cannot_be_read_or_believed_is_counted_and_left_out() -> None:
    running = Running()
    producer = running.broker.producer()
    producer.send(ALERTS.name, b"rubbish", key=b"meadow")
    producer.flush()
    forged = proposal(case(), by_wallet("ana"))
    send(running.broker, DECISIONS.name, forged)
    send(running.broker, DECISIONS.name, proposal(case(), by_provider("ben")))
    running.until(lambda: bool(running.picture.asked))
    assert [one.proposal.by.person for one in running.picture.asked.values()] == ["ben"]
    assert running.metrics.unshown.labels(ALERTS.name)._value.get() == 1
    assert running.metrics.unshown.labels(DECISIONS.name)._value.get() == 1


def transaction(tx: str, protocol: str = "meadow") -> Transaction:
    return Transaction(
        id="0" * 64,
        chain=CHAIN,
        protocol=protocol,
        block=1,
        block_hash="",
        timestamp=1,
        index=0,
        tx=tx,
        seen=(),
    )


def test_the_transaction_of_an_alert_is_found_in_the_log() -> None:
    broker = MemoryBroker()
    broker.create([TRANSACTIONS])
    broker.milliseconds = 1000
    for tx in ("0x" + "01" * 32, TX, "0x" + "02" * 32):
        send(broker, TRANSACTIONS.name, transaction(tx))
    lookup = Lookup(broker)
    seen = Seen(alert(), {"published": 10**9}, signed=False)
    assert [one.tx for one in lookup.transactions([seen, seen])] == [TX]
    assert TX in lookup._known


def test_one_that_is_not_there_any_more_is_not() -> None:
    broker = MemoryBroker()
    broker.create([TRANSACTIONS])
    broker.milliseconds = 1000
    lookup = Lookup(broker)
    assert lookup.transactions([Seen(alert(), {"published": 10**9}, signed=False)]) == []
    send(broker, TRANSACTIONS.name, transaction("0x" + "01" * 32))
    assert lookup.transactions([Seen(alert(), {"published": 10**9}, signed=False)]) == []
    assert lookup.transactions([Seen(alert(), {}, signed=False)]) == []


def test_what_was_not_found_is_not_looked_for_at_once_again() -> None:
    broker = MemoryBroker()
    broker.create([TRANSACTIONS])
    broker.milliseconds = 1000
    lookup, seen = Lookup(broker), Seen(alert(), {"published": 10**9}, signed=False)
    assert asyncio.run(lookup.find([seen])) == []
    send(broker, TRANSACTIONS.name, transaction(TX))
    assert asyncio.run(lookup.find([seen])) == []
    lookup._missed[TX] -= MISSED_SECONDS
    assert [one.tx for one in asyncio.run(lookup.find([seen]))] == [TX]
