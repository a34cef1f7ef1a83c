"""Publishes only while this replica leads."""

import asyncio

from ingest.chain import HashChain
from ingest.follow import ChainSink
from ingest.raw import RawBlock
from runtime.leadership import Leadership
from schemas.operations import BlockRef


class Mandated:
    """A sink (`ingest.follow.ChainSink`) that makes sure of its lead before every step."""

    def __init__(self, sink: ChainSink, lead: Leadership) -> None:
        self._sink = sink
        self._lead = lead

    @property
    def chain(self) -> HashChain:
        """What was published so far."""
        return self._sink.chain

    async def append(self, block: RawBlock, received: int) -> None:
        """Publish a block, unless another replica may lead; see `Leadership.require`."""
        await self._require()
        await self._sink.append(block, received)

    async def retract(self, block: BlockRef, received: int) -> None:
        """Publish that a block left the chain, unless another replica may lead."""
        await self._require()
        await self._sink.retract(block, received)

    async def _require(self) -> None:
        if self._lead.confirmed:
            return
        await asyncio.to_thread(self._lead.require)
