"""Finds the transaction of an alert in the log: by its protocol's partition, near its time.

An alert says when its transaction was published; that is where the search begins, and it ends after
so many records or seconds. What is older than the topic keeps is not found.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable

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
MOST_SECONDS = 5.0
REMEMBERED = 500

MOST_OF_A_CASE = 20
"""Transactions of one case that are looked for."""


class Lookup:
    """Blocking: call it from a thread, one at a time."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._known: OrderedDict[str, Transaction] = OrderedDict()

    def transactions(self, alerts: Iterable[Seen]) -> list[Transaction]:
        """Return the transactions of these alerts, as far as they are found."""
        found: list[Transaction] = []
        for seen in list(alerts)[:MOST_OF_A_CASE]:
            known = self._known.get(seen.alert.tx) or self._search(seen)
            if known is not None and known.tx not in {one.tx for one in found}:
                found.append(known)
        return found

    def _search(self, seen: Seen) -> Transaction | None:
        published = seen.times.get("published")
        if published is None:
            return None
        number = partition_of(seen.alert.protocol.encode(), TRANSACTIONS.partitions)
        partition = Partition(TRANSACTIONS.name, number)
        since = max(0, published // 10**6 - BEFORE_MS)  # Kafka takes -1 for the end
        starts = self._broker.offsets_at(TRANSACTIONS.name, since)
        low, high = self._broker.bounds(partition)
        start = max(low, starts.get(partition, low))
        if start >= high:
            return None
        consumer = self._broker.consumer()
        deadline, read = time.monotonic() + MOST_SECONDS, 0
        try:
            consumer.assign({partition: start})
            while read < MOST_RECORDS and time.monotonic() < deadline:
                batch = consumer.fetch(500, 0.2)
                read += len(batch)
                for message in batch:
                    found = self._read(message.value or b"", seen)
                    if found is not None:
                        return found
                if consumer.position(partition) >= high:
                    break
        finally:
            consumer.close()
        return None

    def _read(self, value: bytes, seen: Seen) -> Transaction | None:
        if seen.alert.tx.encode() not in value:
            return None
        try:
            record = decode_from(TRANSACTIONS, value)
        except PoisonRecordError:
            return None
        if not isinstance(record, Transaction) or record.tx != seen.alert.tx:
            return None
        if record.protocol != seen.alert.protocol:
            return None
        self._known[record.tx] = record
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return record
