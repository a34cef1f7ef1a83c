"""Whatever a chain does and however its hints arrive, what is published is that chain."""

import asyncio
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from ingest.chain import HashChain
from ingest.follow import Follower
from ingest.raw import RawBlock
from schemas.errors import UnsafeToContinueError
from schemas.operations import BlockRef

FINALITY = 6


class ModelNode:
    """A node whose chain can be reorganised, also while it is being asked."""

    def __init__(self, *, keeps_orphans: bool) -> None:
        self._keeps_orphans = keeps_orphans
        self._names = count()
        self.seen: list[BlockRef] = []
        self.canonical: list[BlockRef] = []
        self.surprises: list[tuple[int, int]] = []
        """Reorganisations to come, one with each further question."""
        self.extend(1)

    def extend(self, blocks: int) -> None:
        for _ in range(blocks):
            parent = self.canonical[-1] if self.canonical else None
            number = 0 if parent is None else parent.number + 1
            made = BlockRef(
                number=number,
                hash=f"{number}.{next(self._names)}",
                parent="" if parent is None else parent.hash,
                timestamp=number,
            )
            self.canonical.append(made)
            self.seen.append(made)

    def reorganise(self, depth: int, blocks: int) -> None:
        """Replace the newest blocks; the new branch may be shorter."""
        del self.canonical[len(self.canonical) - min(depth, len(self.canonical) - 1) :]
        self.extend(blocks)

    def _asked(self) -> None:
        if self.surprises:
            self.reorganise(*self.surprises.pop())

    async def latest(self) -> BlockRef:
        self._asked()
        return self.canonical[-1]

    async def header(self, number: int, block_hash: str) -> BlockRef | None:
        self._asked()
        known = self.seen if self._keeps_orphans else self.canonical
        return next((b for b in known if b.hash == block_hash and b.number == number), None)

    async def header_at(self, number: int) -> BlockRef | None:
        self._asked()
        return self.canonical[number] if number < len(self.canonical) else None

    async def block(self, header: BlockRef) -> RawBlock | None:
        found = await self.header(header.number, header.hash)
        if found is None:
            return None
        return RawBlock("eip155:1", found.number, found.hash, found.parent, found.timestamp)


class ModelSink:
    """Keeps what was published, and refuses what no consumer should ever see."""

    def __init__(self, begin: int | None) -> None:
        self.chain = HashChain(FINALITY, begin=begin)
        self.published: list[BlockRef] = []
        self.highest = -1

    async def append(self, block: RawBlock, received: int) -> None:
        made = BlockRef(
            number=block.number,
            hash=block.hash,
            parent=block.parent,
            timestamp=block.timestamp,
        )
        if self.published:
            assert made.number == self.published[-1].number + 1, "a hole or a double"
            assert made.parent == self.published[-1].hash, "not a chain"
        self.published.append(made)
        self.chain.append(made)
        self.highest = max(self.highest, made.number)

    async def retract(self, block: BlockRef, received: int) -> None:
        assert self.published, "nothing is published"
        assert self.published[-1] == block, "not the highest published block"
        assert block.number > self.highest - FINALITY, "a final block"
        self.published.pop()
        self.chain.retract(block)


class ChainMachine(RuleBasedStateMachine):
    @initialize(keeps_orphans=st.booleans(), begin=st.none() | st.integers(0, 3))
    def start(self, *, keeps_orphans: bool, begin: int | None) -> None:
        self.node = ModelNode(keeps_orphans=keeps_orphans)
        self.node.extend(3)
        self.sink = ModelSink(begin)
        self.follower = Follower(self.node, self.sink)
        self.stopped = False
        self.heed(self.node.canonical[-1])

    def heed(self, hint: BlockRef) -> None:
        asyncio.run(self.follower.heed(hint, 0))

    def settled(self) -> bool:
        return not self.stopped

    @rule(blocks=st.integers(1, 10))
    def grows(self, blocks: int) -> None:
        self.node.extend(blocks)

    @precondition(settled)
    @rule(depth=st.integers(1, FINALITY), blocks=st.integers(1, 8))
    def is_reorganised(self, depth: int, blocks: int) -> None:
        self._hear_latest()
        first = self.sink.highest - FINALITY + 1
        possible = self.node.canonical[-1].number - first + 1
        self.node.reorganise(min(depth, possible), blocks)

    @precondition(settled)
    @rule(
        surprises=st.lists(st.tuples(st.integers(1, 2), st.integers(1, 4)), max_size=3),
        data=st.data(),
    )
    def is_reorganised_while_asked(
        self, surprises: list[tuple[int, int]], data: st.DataObject
    ) -> None:
        self._hear_latest()
        self.node.extend(data.draw(st.integers(0, 3)))
        self.node.surprises = surprises
        self.heed(self.node.canonical[-1])
        self.node.surprises = []

    @precondition(settled)
    @rule(data=st.data(), times=st.integers(1, 3))
    def tells_of_any_block_it_ever_had(self, data: st.DataObject, times: int) -> None:
        hint = data.draw(st.sampled_from(self.node.seen[-12:]))
        for _ in range(times):
            self.heed(hint)

    @precondition(settled)
    @rule()
    def tells_of_its_head(self) -> None:
        self._hear_latest()
        first, head = self.sink.published[0].number, self.node.canonical[-1]
        if head.number >= first:
            assert self.sink.published == self.node.canonical[first:]

    @precondition(settled)
    @rule(beyond=st.integers(1, 5))
    def is_reorganised_beyond_finality(self, beyond: int) -> None:
        self._hear_latest()
        lowest = self.sink.published[0].number
        depth = FINALITY + beyond
        if self.sink.highest - lowest < depth or len(self.node.canonical) <= depth + 1:
            return
        before = list(self.sink.published)
        self.node.reorganise(depth, depth + 3)
        try:
            self._hear_latest()
        except UnsafeToContinueError:
            assert self.sink.published == before, "it retracted before it stopped"
            self.stopped = True
        else:
            raise AssertionError("a reorganisation beyond finality went unnoticed")

    def _hear_latest(self) -> None:
        self.heed(self.node.canonical[-1])

    @invariant()
    def what_is_published_is_a_chain_that_the_node_had(self) -> None:
        if hasattr(self, "sink"):
            assert set(self.sink.published) <= set(self.node.seen)


ChainMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestChain = ChainMachine.TestCase
