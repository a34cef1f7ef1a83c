"""Publishes one chain step by step, so that a crash at any point can be made good.

A step is a block that joined the chain, or one that left it. Order of writing: the step's records
and its marker to every partition, flush, checkpoint. Sending returns at once, so that a score never
waits for a flush; the next block waits until the flush before it is done.
"""

import asyncio

from ingest import normalise
from ingest.checkpoints import Checkpoints, as_table, saved_at
from ingest.follow import ChainSource
from ingest.lens import Lens
from ingest.outbox import Origin, Outbox
from ingest.posts import StepPost
from ingest.publish import publish_block
from ingest.raw import RawBlock
from ingest.resume import Resumed, Step, reference
from runtime.clock import Clock
from runtime.metrics import Metrics
from schemas.chain import Block
from schemas.errors import TransientError, UnsafeToContinueError
from schemas.operations import BlockRef, IngestCheckpoint


class ChainWriter:
    """Where a live chain goes; see `ingest.follow.ChainSink`."""

    def __init__(
        self,
        outbox: Outbox,
        checkpoints: Checkpoints,
        lens: Lens,
        resumed: Resumed,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        """Go on from what `resumed` found; `mend` has to be called before anything else."""
        self.chain = resumed.chain
        self._outbox = outbox
        self._checkpoints = checkpoints
        self._lens = lens
        self._resumed = resumed
        self._name = resumed.name
        self._step = resumed.step
        self._offsets = resumed.offsets
        self._metrics = metrics
        self._clock = clock
        self._left = 0
        """Blocks retracted since the last one that was appended."""
        self._settling: asyncio.Task[None] | None = None
        metrics.reorg_depth.labels(self._name).set(0)

    async def mend(self, source: ChainSource) -> None:
        """Complete what a crash left incomplete.

        Raises `TransientError` when the node does not know yet; nothing was sent then.
        """
        steps = self._resumed.steps
        last = steps[self._step] if steps else None
        block = None
        if last is not None and isinstance(last.marker, Block):
            block = await self._interrupted(source, last)
        received = self._clock.now_ns()
        post = None
        for number, step in steps.items():
            origin = Origin(received, number)
            post = StepPost(self._outbox, step.marker, origin, marked=step.marked, there=step.there)
            if step is last and block is not None:
                publish_block(block, self._lens, post)
            post.finish()
        if last is not None and isinstance(last.marker, Block) and block is None:
            await self.retract(reference(last.marker), received)
        await self._settle(post)
        # Without a checkpoint to start from, nothing that is sent could be found again.
        await asyncio.to_thread(self._outbox.flush)

    async def _interrupted(self, source: ChainSource, step: Step) -> RawBlock | None:
        """Return the block whose publication may be incomplete, None if it left the chain."""
        header = reference(step.marker)
        block = await source.block(header)
        if block is not None:
            return block
        there_now = await source.header_at(header.number)
        if there_now is None or there_now.hash == header.hash:
            raise TransientError(
                f"block {header.number:,} {header.hash}, whose publication was interrupted, "
                "cannot be had from any endpoint now"
            )
        return None

    async def append(self, block: RawBlock, received: int) -> None:
        """Publish a block that extends the chain."""
        await self.settled()
        marker = normalise.block_record(block)
        if marker is None:
            raise UnsafeToContinueError(f"block {block.number} of a live chain has no hash")
        self.chain.append(reference(block))
        self._step += 1
        post = StepPost(self._outbox, marker, Origin(received, self._step))
        publish_block(block, self._lens, post)
        post.finish()
        self._count(block, received)
        self._settling = asyncio.create_task(self._settle(post))

    async def retract(self, block: BlockRef, received: int) -> None:
        """Publish that the newest block left the chain."""
        await self.settled()
        self.chain.retract(block)
        self._step += 1
        gone = RawBlock(self._name, block.number, block.hash, block.parent, block.timestamp)
        origin = Origin(received, self._step)
        StepPost(self._outbox, normalise.retraction(gone), origin).finish()
        self._left += 1
        self._metrics.reorg_depth.labels(self._name).set(self._left)

    async def settled(self) -> None:
        """Wait until the newest block is acknowledged and its checkpoint on its way.

        Raises `UnsafeToContinueError` when it was not acknowledged.
        """
        if self._settling is not None:
            # Shielded: who gives up waiting must not undo a flush that is under way.
            await asyncio.shield(self._settling)
            self._settling = None

    async def _settle(self, post: StepPost | None = None) -> None:
        blocks, final, step = self.chain.blocks, self.chain.final, self._step
        written = await asyncio.to_thread(self._outbox.flush)
        if post is not None and post.finish_unmarked():
            written = await asyncio.to_thread(self._outbox.flush)
        for partition in self._offsets.keys() & written.keys():
            self._offsets[partition] = max(self._offsets[partition], written[partition])
        source = self._resumed.source
        self._checkpoints.save(
            IngestCheckpoint(
                id=saved_at(source, step, blocks[-1].hash if blocks else ""),
                chain=self._name,
                source=source,
                blocks=blocks,
                offsets=as_table(self._offsets),
                final=final,
                step=step,
            )
        )

    async def close(self) -> None:
        """Wait until everything, checkpoint included, is acknowledged. Only after `mend`."""
        await self.settled()
        await asyncio.to_thread(self._outbox.flush)

    def _count(self, block: RawBlock, received: int) -> None:
        self._left = 0
        self._metrics.blocks.labels(self._name).inc()
        self._metrics.head.labels(self._name).set(block.number)
        self._metrics.head_time.labels(self._name).set(block.timestamp)
        passed = max(0, self._clock.now_ns() - received) / 1e9
        self._metrics.hop_seconds.labels("published").observe(passed)
