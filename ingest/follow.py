"""Follows a chain: turns hints that there is a new head into blocks appended and retracted.

The decisions are `HashChain`'s; this asks the node what they need and has done what they say. It is
the same for every kind of node.
"""

from typing import Protocol

from ingest.chain import Append, Duplicate, Gap, HashChain, Retract, WalkBack
from ingest.raw import RawBlock
from schemas.errors import TransientError
from schemas.operations import BlockRef


class ChainSource(Protocol):
    """What is asked of a node. None: the node does not (or no longer) know the block."""

    async def latest(self) -> BlockRef:
        """Return the node's head."""
        ...

    async def header(self, number: int, block_hash: str) -> BlockRef | None:
        """Return the header of the block with this height and hash, on whichever branch."""
        ...

    async def header_at(self, number: int) -> BlockRef | None:
        """Return the header of the node's own block at this height."""
        ...

    async def block(self, header: BlockRef) -> RawBlock | None:
        """Return the whole block with this hash."""
        ...


class ChainSink(Protocol):
    """Where the chain goes."""

    @property
    def chain(self) -> HashChain:
        """What was published so far."""
        ...

    async def append(self, block: RawBlock, received: int) -> None:
        """Publish a block; `received` says when we heard of it, in ns since 1970."""
        ...

    async def retract(self, block: BlockRef, received: int) -> None:
        """Publish that a block left the chain."""
        ...


class Follower:
    """Brings the sink to where the node is."""

    def __init__(self, source: ChainSource, sink: ChainSink) -> None:
        self._source = source
        self._sink = sink

    async def heed(self, hint: BlockRef, received: int) -> bool:
        """Do what a hint asks for; hints may come late, twice and out of order.

        Says whether the chain was brought up to date: False when it changed meanwhile, or the node
        did not have a block yet, so that one has to try again. Raises `TransientError` when the
        node does not answer or is far behind, `UnsafeToContinueError` as `HashChain.next`.
        """
        chain = self._sink.chain
        if chain.has(hint) or (chain.extends(hint) and await self._join(hint, received)):
            return True
        return await self.catch_up(received)

    async def catch_up(self, received: int) -> bool:
        """Go to where the node is now; see `heed`.

        A hint that does not simply continue our chain may be stale, so it is not gone by.
        """
        chain = self._sink.chain
        while True:
            target = await self._source.latest()
            if target.number < chain.final:
                raise TransientError(
                    f"the node is at block {target.number:,}, below the final block "
                    f"{chain.final:,} that was published: it has to catch up"
                )
            match chain.next(target):
                case Duplicate():
                    return True
                case Gap(first, last):
                    if not await self._fill(first, last, received):
                        return False
                case _:
                    return await self._join(target, received)

    async def _fill(self, first: int, last: int, received: int) -> bool:
        for number in range(first, last + 1):
            header = await self._source.header_at(number)
            if header is None or not await self._join(header, received):
                return False
        return True

    async def _join(self, header: BlockRef, received: int) -> bool:
        """Append a block, after walking back to where its branch leaves ours if it has to be."""
        branch = [header]
        while branch:
            lowest = branch[-1]
            match self._sink.chain.next(lowest):
                case WalkBack(number, parent):
                    found = await self._source.header(number, parent)
                    if found is None:
                        return False
                    branch.append(found)
                case Retract(blocks):
                    for block in blocks:
                        await self._sink.retract(block, received)
                case Append():
                    whole = await self._source.block(lowest)
                    if whole is None:
                        return False
                    await self._sink.append(whole, received)
                    branch.pop()
                case _:
                    return False
        return True
