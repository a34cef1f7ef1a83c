"""Rehearses waiting transactions and publishes what they would do, phase `pending`.

It looks ahead as far as it can and nothing waits for it: it has a queue and workers of its own,
what comes while the queue is full is dropped and counted, and no simulation may take longer than
`PATIENCE`. Blocks are never held up by it. While the node does not answer it rests for a moment; a
transaction that the node refuses or that takes too long is left out and is no reason to rest, for
whoever wrote it must not be able to switch this off.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from ingest import normalise
from ingest.evm.assemble import block_ref
from ingest.evm.connection import Connection
from ingest.evm.endpoints import SHORTEST_REST, Endpoint
from ingest.evm.errors import BusyError, NoAnswerError
from ingest.evm.simulation import SimulateV1, SimulationPort, TraceCall, first_simulation
from ingest.lens import Lens
from ingest.outbox import Origin, Outbox
from ingest.raw import RawBlock, RawTransaction
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.chain import Transaction
from schemas.errors import PipelineError
from schemas.ids import content_id
from schemas.operations import BlockRef
from schemas.topics import TRANSACTIONS

_log = logger(__name__)

WAITING_KEPT = 256
"""Transactions that may wait to be rehearsed: what is older will be in a block anyway."""

WORKERS = 2
"""Simulations at a time."""

PATIENCE = 1.0
"""Seconds that one simulation may take: a node that takes longer tells it too late."""

HEAD_KEPT = 0.5
"""Seconds for which the newest block is not asked for again."""

LONGEST_REST = 4.0
"""Seconds between two attempts at a node that does not answer."""

_PLAIN = ("0x", "", None)

Waiting = tuple[Mapping[str, Any], int]


def _ignore(_announced: Any) -> None:
    """Nobody subscribed on this connection."""


def pending_transactions(
    chain: str, head: BlockRef, raw: RawTransaction, lens: Lens
) -> list[Transaction]:
    """Return the records of a transaction as it would be in the block after `head`, one for each
    watched protocol that it would touch."""
    memory = lens.preparation
    posture = memory.of(raw.sender, head.timestamp) if memory is not None else None
    block = RawBlock(chain, head.number + 1, "", head.hash, head.timestamp)
    return [
        msgspec.structs.replace(
            record,
            id=content_id("pending-transaction", chain, record.protocol, raw.hash, head.hash),
            phase="pending",
            posture=posture,
        )
        for record in normalise.transactions(block, raw, lens.watch, lens.decoder)
    ]


class Rehearsal:
    """Takes transactions from one node's pool and asks that node what they would do."""

    def __init__(
        self, chain: str, outbox: Outbox, lens: Lens, metrics: Metrics, clock: Clock
    ) -> None:
        self._chain = chain
        self._outbox = outbox
        self._lens = lens
        self._clock = clock
        self._outcomes = metrics.rehearsals
        self._waiting: asyncio.Queue[Waiting] = asyncio.Queue(WAITING_KEPT)
        self._head: tuple[float, BlockRef] | None = None

    def offer(self, transaction: Mapping[str, Any], received: int) -> None:
        """Queue a transaction as a node's pool has it, unless it is a plain payment."""
        if transaction.get("to") is not None and transaction.get("input") in _PLAIN:
            return
        if self._waiting.full():
            self._count("dropped")
            return
        self._waiting.put_nowait((transaction, received))

    async def run(self, endpoint: Endpoint) -> None:
        """Work until cancelled, on a connection of its own: a large answer about a stranger's
        transaction must not come before a block's."""
        connection = endpoint.connection.twin(_ignore)
        ports: list[SimulationPort] = [TraceCall(), SimulateV1()]
        try:
            await asyncio.gather(*(self._work(connection, ports) for _ in range(WORKERS)))
        finally:
            await connection.close()

    async def _work(self, connection: Connection, ports: list[SimulationPort]) -> None:
        rest = SHORTEST_REST
        while True:
            transaction, received = await self._waiting.get()
            try:
                async with asyncio.timeout(PATIENCE):
                    head = await self._newest(connection)
                    raw = await first_simulation(ports, connection, transaction)
                records = pending_transactions(self._chain, head, raw, self._lens)
            except (TimeoutError, PipelineError) as error:
                late = isinstance(error, TimeoutError)
                self._count("late" if late else "failed")
                _log.debug("rehearsal_failed", endpoint=connection.name, reason=str(error))
                if isinstance(error, NoAnswerError | BusyError):
                    await asyncio.sleep(rest)
                    rest = min(LONGEST_REST, 2.0 * rest)
                continue
            rest = SHORTEST_REST
            self._count("done")
            for record in records:
                self._outbox.send(TRANSACTIONS, record.protocol, record, Origin(received))

    async def _newest(self, connection: Connection) -> BlockRef:
        now = self._clock.monotonic()
        if self._head is None or now - self._head[0] > HEAD_KEPT:
            latest = await connection.request("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the method's own parameter
            self._head = now, block_ref(latest)
        return self._head[1]

    def _count(self, outcome: str) -> None:
        self._outcomes.labels(self._chain, outcome).inc()
