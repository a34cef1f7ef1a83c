"""Finds the transaction of an alert in the log: by its protocol's partition, near its time.

An alert says when its transaction was published; that is where the search begins, and it ends after
so many records or seconds. What is older than the topic keeps is not found. One search at a time:
whoever asks meanwhile waits in the event loop, and holds no thread.
"""

import asyncio
import time
from collections.abc import Iterable

from console.bounded import Bounded
from console.picture import Seen
from runtime.broker import Broker, Partition
from runtime.partitioner import partition_of
from schemas.chain import Transaction
from schemas.codec import decode_from
from schemas.errors import PoisonRecordError
from schemas.topics import TRANSACTIONS

BEFORE_MS = 2_000
"""How much earlier the search begins: the record was stamped before the hop was measured."""

MOST_RECORDS = 20_000
"""For each alert."""

MOST_SECONDS = 5.0
"""For all the alerts of a case together."""

REMEMBERED = 500

MISSED_SECONDS = 60.0
"""How long it is believed that a transaction is not there."""

MOST_OF_A_CASE = 20
"""Transactions of one case that are looked for."""


class Lookup:
    """Remembers what it found, and for a while what it did not."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._turn = asyncio.Lock()
        self._known: Bounded[str, Transaction] = Bounded(REMEMBERED)
        self._missed: Bounded[str, float] = Bounded(REMEMBERED)

    async def find(self, alerts: Iterable[Seen]) -> list[Transaction]:
        """Return the transactions of these alerts, as far as they are found in time."""
        wanted = list(alerts)[:MOST_OF_A_CASE]
        async with self._turn:
            return await asyncio.to_thread(self.transactions, wanted)

    def transactions(self, alerts: Iterable[Seen]) -> list[Transaction]:
        """Do the same here; blocking."""
        found: dict[str, Transaction] = {}
        deadline = time.monotonic() + MOST_SECONDS
        for seen in alerts:
            tx = seen.alert.tx
            if tx not in self._known and not self._is_missed(tx):
                self._search(seen, deadline)
            if tx in self._known:
                found[tx] = self._known[tx]
        return list(found.values())

    def _is_missed(self, tx: str) -> bool:
        return time.monotonic() - self._missed.get(tx, -MISSED_SECONDS) < MISSED_SECONDS

    def _search(self, seen: Seen, deadline: float) -> None:
        self._missed.put(seen.alert.tx, time.monotonic())
        published = seen.times.get("published")
        if published is None:
            return
        number = partition_of(seen.alert.protocol.encode(), TRANSACTIONS.partitions)
        partition = Partition(TRANSACTIONS.name, number)
        since = max(0, published // 10**6 - BEFORE_MS)  # Kafka takes -1 for the end
        starts = self._broker.offsets_at(TRANSACTIONS.name, since)
        low, high = self._broker.bounds(partition)
        start = max(low, starts.get(partition, low))
        if start >= high:
            return
        consumer, read = self._broker.consumer(), 0
        try:
            consumer.assign({partition: start})
            while read < MOST_RECORDS and time.monotonic() < deadline:
                batch = consumer.fetch(500, 0.2)
                read += len(batch)
                if any(self._reads(message.value or b"", seen) for message in batch):
                    return
                if consumer.position(partition) >= high:
                    return
        finally:
            consumer.close()

    def _reads(self, value: bytes, seen: Seen) -> bool:
        """Keep the transaction of an alert if this is it; say whether it is."""
        if seen.alert.tx.encode() not in value:
            return False
        try:
            record = decode_from(TRANSACTIONS, value)
        except PoisonRecordError:
            return False
        own = isinstance(record, Transaction) and record.protocol == seen.alert.protocol
        if not isinstance(record, Transaction) or not own or record.tx != seen.alert.tx:
            return False
        self._known.put(record.tx, record)
        return True
