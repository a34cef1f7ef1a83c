"""Transactions that wait in a node's pool, as far as we keep up with them.

They inform and are never complete: a transaction may reach the chain without ever having been here.
So nothing waits for them: what comes while the queue is full is dropped and counted.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from ingest.evm.connection import Connection
from ingest.evm.endpoints import LONGEST_REST, SHORTEST_REST, Endpoint
from ingest.evm.errors import EndpointError
from ingest.outbox import Origin, Outbox
from ingest.watch import Watch
from runtime import hexadecimal
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.chain import Pending
from schemas.errors import PoisonRecordError
from schemas.ids import content_id
from schemas.topics import PENDING, TRANSACTIONS

_log = logger(__name__)

WAITING_KEPT = 2_000
"""Announcements that may wait: some seconds of Ethereum's pool."""

WORKERS = 4
"""Transactions asked for in parallel."""

SEEN_KEPT = 50_000
"""Hashes remembered, so that what several endpoints announce is published once."""


def pending_record(chain: str, transaction: Mapping[str, Any]) -> Pending:
    """Read a transaction as a node's pool has it. Raises `PoisonRecordError` naming the field."""
    name, to = hexadecimal.hash32(transaction.get("hash"), "hash"), transaction.get("to")
    fee = transaction.get("maxFeePerGas") or transaction.get("gasPrice")
    return Pending(
        id=content_id("pending", chain, name),
        chain=chain,
        tx=name,
        sender=hexadecimal.address(transaction.get("from"), "from"),
        to=None if to is None else hexadecimal.address(to, "to"),
        value=str(hexadecimal.quantity(transaction.get("value"), "value")),
        nonce=hexadecimal.quantity(transaction.get("nonce"), "nonce"),
        fee=str(hexadecimal.quantity(fee, "maxFeePerGas")),
        data=hexadecimal.data(transaction.get("input"), "input"),
    )


def _nobody(_transaction: Mapping[str, Any], _received: int) -> None:
    """Nobody wants to be told."""


class PendingPool:
    """Publishes what the pools of all endpoints announce, each transaction once."""

    def __init__(
        self,
        chain: str,
        outbox: Outbox,
        watch: Watch,
        metrics: Metrics,
        clock: Clock,
        told: Callable[[Mapping[str, Any], int], None] = _nobody,
    ) -> None:
        """Take an outbox of its own: its records are not part of any block's step. `told` is
        called with each transaction as the node has it, and when it was heard of; it must not
        wait for anything."""
        self._chain = chain
        self._outbox = outbox
        self._watch = watch
        self._dropped = metrics.dropped_pending.labels(chain)
        self._clock = clock
        self._told = told
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def run(self, endpoint: Endpoint) -> None:
        """Listen to one endpoint, which has to be able to announce things, until cancelled."""
        waiting: asyncio.Queue[tuple[str, int]] = asyncio.Queue(WAITING_KEPT)
        listening = endpoint.connection.twin(lambda name: self._announced(waiting, name))
        workers = [asyncio.create_task(self._work(waiting, endpoint)) for _ in range(WORKERS)]
        try:
            await asyncio.gather(self._listen(listening), *workers)
        finally:
            for worker in workers:
                worker.cancel()
            await listening.close()

    async def _listen(self, connection: Connection) -> None:
        failures = 0
        while True:
            try:
                await connection.request("eth_subscribe", "newPendingTransactions")
                failures = 0
                while not await connection.ended(LONGEST_REST):
                    await connection.request("eth_chainId")  # finds out a half-open connection
            except EndpointError as error:
                rest = min(LONGEST_REST, SHORTEST_REST * 2.0 ** min(failures, 16))
                failures += 1
                _log.warning("pending_lost", endpoint=connection.name, reason=str(error))
                await asyncio.sleep(rest)
            await connection.close()

    def _announced(self, waiting: "asyncio.Queue[tuple[str, int]]", name: Any) -> None:
        if not isinstance(name, str) or name in self._seen:
            return
        if waiting.full():
            self._dropped.inc()
            return
        self._seen[name] = None
        if len(self._seen) > SEEN_KEPT:
            self._seen.popitem(last=False)
        waiting.put_nowait((name, self._clock.now_ns()))

    async def _work(self, waiting: "asyncio.Queue[tuple[str, int]]", endpoint: Endpoint) -> None:
        while True:
            name, received = await waiting.get()
            try:
                found = await endpoint.connection.request("eth_getTransactionByHash", name)
                # None: it left the pool again, or is in a block by now
                if isinstance(found, dict) and found.get("blockHash") is None:
                    self._publish(pending_record(self._chain, found), Origin(received))
                    self._told(found, received)
            except (EndpointError, PoisonRecordError) as error:
                self._dropped.inc()
                _log.debug("pending_dropped", tx=name, reason=str(error))

    def _publish(self, record: Pending, origin: Origin) -> None:
        touched = () if record.to is None else self._watch.touched(self._chain, (record.to,))
        for protocol in touched:
            self._outbox.send(TRANSACTIONS, protocol, record, origin)
        self._outbox.send(PENDING, self._chain, record, origin)
