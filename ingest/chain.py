"""The chain of hashes that we published, and what a block's header asks us to do about it.

Pure: no clock, no network. A node's word that there is a new head is only a hint; what counts is
whether a header's parent is the block we published last. Rules, in this order:

1. A block that is published already asks for nothing.
2. A block whose parent is the newest published one is appended.
3. A block whose parent is an older published one asks to retract those above that parent, highest
   first; then rule 2 applies.
4. A block further up asks for the blocks in between.
5. Any other block asks for its parent, until rule 3 applies.
6. If the parent would lie at or below the newest final block, and is not ours, the node is on
   another chain or finality was broken: stop, for people have to look.

A block is final once `finality` blocks were published above it, and stays final.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.errors import UnsafeToContinueError
from schemas.operations import BlockRef


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Append:
    """Publish this block."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Get the blocks `first` to `last` before."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class WalkBack:
    """Get the parent, by its hash, before."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Retract:
    """Retract these published blocks, in this order, before."""

    blocks: tuple[BlockRef, ...]


Move = Duplicate | Append | Gap | WalkBack | Retract


class HashChain:
    """The newest published blocks, gapless, down to the newest final one."""

    def __init__(
        self,
        finality: int,
        blocks: Sequence[BlockRef] = (),
        *,
        final: int = 0,
        begin: int | None = None,
    ) -> None:
        """Take up where `blocks` (ascending) end; nothing at or below `final` will be retracted.

        Without blocks the first one is number `begin`, or whichever comes.
        """
        self._finality = finality
        self._blocks: list[BlockRef] = []
        self._next = None if blocks else begin
        self.final = final
        """Number of the newest block that can never be retracted."""
        for block in blocks:
            self.append(block)

    @property
    def blocks(self) -> tuple[BlockRef, ...]:
        """The blocks it knows, ascending."""
        return tuple(self._blocks)

    @property
    def tip(self) -> BlockRef | None:
        """The newest published block."""
        return self._blocks[-1] if self._blocks else None

    def has(self, header: BlockRef) -> bool:
        """Say whether this very block is published."""
        known = self._at(header.number)
        return known is not None and known.hash == header.hash

    def extends(self, header: BlockRef) -> bool:
        """Say whether this block can be appended."""
        if self.tip is not None:
            return header.number == self.tip.number + 1 and header.parent == self.tip.hash
        return self._next is None or header.number == self._next

    def next(self, header: BlockRef) -> Move:
        """Say what a block of the node's chain asks for.

        Raises `UnsafeToContinueError` when it contradicts a final block.
        """
        if self.has(header) or self._is_below(header.number):
            return Duplicate()
        if self.extends(header):
            return Append()
        if self._next is not None and header.number > self._next:
            return Gap(self._next, header.number - 1)
        parent = self._at(header.number - 1)
        # Nothing was published below the first block, so there any parent will do.
        joins = parent is None or parent.hash == header.parent
        if header.number <= self.final or (header.number - 1 == self.final and not joins):
            raise UnsafeToContinueError(
                f"the node's block {header.number:,} {header.hash} does not descend from the final "
                f"block {self.final:,} that was published: either the node is on another chain, "
                f"or a reorganisation went deeper than {self._finality:,} blocks. Find out which. "
                "If it is the published chain that is wrong, publish under another kafka.namespace."
            )
        if joins:
            above = [block for block in self._blocks if block.number >= header.number]
            return Retract(tuple(reversed(above)))
        return WalkBack(header.number - 1, header.parent)

    def append(self, block: BlockRef) -> None:
        """Take note that this block was published."""
        if not self.extends(block):
            raise UnsafeToContinueError(f"block {block.number} {block.hash} does not follow ours")
        self._blocks.append(block)
        self._next = block.number + 1
        self.final = max(self.final, block.number - self._finality)
        keep_from = max(0, self.final - self._blocks[0].number)
        del self._blocks[:keep_from]

    def retract(self, block: BlockRef) -> None:
        """Take note that the retraction of this block, the newest, was published."""
        if self.tip is None or self.tip.hash != block.hash or block.number <= self.final:
            raise UnsafeToContinueError(f"block {block.number} {block.hash} cannot be retracted")
        self._blocks.pop()
        self._next = block.number

    def _at(self, number: int) -> BlockRef | None:
        if not self._blocks:
            return None
        index = number - self._blocks[0].number
        return self._blocks[index] if 0 <= index < len(self._blocks) else None

    def _is_below(self, number: int) -> bool:
        """Say whether a block lies below all that was published here: of no concern to us."""
        lowest = self._blocks[0].number if self._blocks else self._next
        return lowest is not None and number < lowest
