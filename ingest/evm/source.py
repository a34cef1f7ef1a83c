"""The node side of following a chain: whole blocks and headers, checked, from several endpoints."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ingest.evm.assemble import (
    Receipts,
    add_frames,
    block_ref,
    raw_block,
    read_receipts,
    transaction_names,
)
from ingest.evm.endpoints import Endpoint, Endpoints, RestingError
from ingest.evm.errors import FaultyAnswerError, RefusedError
from ingest.evm.traces import Frames
from ingest.raw import RawBlock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.errors import TransientError
from schemas.operations import BlockRef

_log = logger(__name__)

TRACE_PATIENCE = 2.0
"""Seconds that a block waits for its call trees. Without them it is scored on its logs, which is
worth less; but waiting longer would hold up every protocol for as long as traces lag."""

_ASK_AGAIN = 0.1
"""Seconds between two attempts at a block's traces."""

_UNKNOWN_METHOD = -32601
"""JSON-RPC 2.0's code for it."""

_RECEIPTS_AT_ONCE = 16
"""Receipts asked for in parallel from a node that gives them only one by one."""


class NodeSource:
    """Reads blocks of one chain through its endpoints."""

    def __init__(self, endpoints: Endpoints, metrics: Metrics) -> None:
        self._endpoints = endpoints
        self._metrics = metrics

    async def latest(self) -> BlockRef:
        """Return the head of the best endpoint that answers."""
        found = await self._header("eth_getBlockByNumber", "latest")
        if found is None:
            raise TransientError("no endpoint has any block yet")
        return found

    async def header(self, number: int, block_hash: str) -> BlockRef | None:
        """Return the header of a block on whichever branch; None if no endpoint has it."""
        return await self._header("eth_getBlockByHash", block_hash, (number, block_hash))

    async def header_at(self, number: int) -> BlockRef | None:
        """Return the header at a height of the node's chain; None if no endpoint is there yet."""
        return await self._header("eth_getBlockByNumber", hex(number), (number,))

    async def _header(
        self, method: str, which: str, wanted: tuple[int | str, ...] = ()
    ) -> BlockRef | None:
        """Ask for a header; the first of its number and hash have to be as `wanted`."""

        async def ask(endpoint: Endpoint) -> BlockRef | None:
            answer = await endpoint.connection.request(method, which, False)  # noqa: FBT003 - the method's own
            if answer is None:
                return None
            found = block_ref(answer)
            if (found.number, found.hash)[: len(wanted)] != wanted:
                raise FaultyAnswerError(
                    f"{endpoint.name}: asked for block {which}, got {found.number} {found.hash}"
                )
            return found

        return await self._endpoints.first(ask)

    async def block(self, header: BlockRef) -> RawBlock | None:
        """Return the block with receipts, and with call trees unless they are not to be had.

        None when no endpoint has it (any more). Raises `TransientError`.
        """
        traces = asyncio.create_task(self._traces(header))
        try:
            block = await self._endpoints.first(lambda endpoint: self._body(endpoint, header))
            if block is None:
                return None
            frames = await traces
        finally:
            traces.cancel()
        if frames is not None and not add_frames(block, frames):
            self._metrics.untraced_blocks.labels(block.chain).inc()
            _log.warning("block_without_traces", number=block.number, hash=block.hash)
        return block

    async def _body(self, endpoint: Endpoint, header: BlockRef) -> RawBlock | None:
        block, receipts = await asyncio.gather(
            endpoint.connection.request("eth_getBlockByHash", header.hash, True),  # noqa: FBT003 - the method's own
            self._receipts_of_block(endpoint, header.hash),
        )
        if block is None:
            return None
        if block_ref(block) != header:
            raise FaultyAnswerError(f"{endpoint.name} gave another block than {header.hash}")
        if receipts is None:
            receipts = await self._receipts_one_by_one(endpoint, block)
        return raw_block(self._endpoints.chain, block, receipts)

    async def _receipts_of_block(self, endpoint: Endpoint, block_hash: str) -> Receipts | None:
        if not endpoint.block_receipts:
            return None
        try:
            answer = await endpoint.connection.request("eth_getBlockReceipts", block_hash)
        except RefusedError as error:
            if error.code == _UNKNOWN_METHOD:
                endpoint.block_receipts = False
                _log.info("receipts_one_by_one", endpoint=endpoint.name)
            return None
        return None if answer is None else read_receipts(answer)

    async def _receipts_one_by_one(self, endpoint: Endpoint, block: Mapping[str, Any]) -> Receipts:
        slots = asyncio.Semaphore(_RECEIPTS_AT_ONCE)

        async def receipt(name: str) -> Any:
            async with slots:
                return await endpoint.connection.request("eth_getTransactionReceipt", name)

        return read_receipts(await asyncio.gather(*map(receipt, transaction_names(block))))

    async def _traces(self, header: BlockRef) -> Frames | None:
        """Return the call trees; None where nobody gives any; nothing when they came too late."""

        async def ask(endpoint: Endpoint) -> Frames | None:
            if endpoint.traces is None:
                return None
            return await endpoint.traces.frames(endpoint.connection, header.number, header.hash)

        with suppress(TimeoutError):
            async with asyncio.timeout(TRACE_PATIENCE):
                while True:
                    try:
                        found = await self._endpoints.first(ask, "traces")
                        if found is not None or not self._endpoints.give_traces:
                            return found
                    except RestingError as error:
                        if error.seconds > TRACE_PATIENCE:
                            break
                    except TransientError:
                        pass
                    await asyncio.sleep(_ASK_AGAIN)
        return {}
