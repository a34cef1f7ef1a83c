"""Which endpoints a majority contradicts. Pure.

A node that was cut off from the others follows a branch of its own and answers every check that we
make, for its blocks are whole. Only other nodes can show it up: from three endpoints on, one that
has another block at a height at which most agree is outvoted, until it has come round.
"""

from collections import Counter
from collections.abc import Sequence

from schemas.operations import BlockRef

_KEPT = 64


class Branch:
    """The newest blocks of one endpoint's chain, as far as its heads tell them."""

    def __init__(self) -> None:
        self._hashes: dict[int, str] = {}

    def hear(self, head: BlockRef) -> None:
        """Take note of a head; what it contradicts is forgotten."""
        if self.at(head.number - 1) not in (None, head.parent):
            self._hashes.clear()
        kept = range(head.number - _KEPT, head.number)
        self._hashes = {number: name for number, name in self._hashes.items() if number in kept}
        self._hashes |= {head.number - 1: head.parent, head.number: head.hash}

    def show(self, block: BlockRef) -> None:
        """Take note of one of its earlier blocks."""
        self._hashes |= {block.number - 1: block.parent, block.number: block.hash}

    def at(self, number: int) -> str | None:
        """Return the hash of its block at a height, None where that is not known."""
        return self._hashes.get(number)

    @property
    def heights(self) -> set[int]:
        """The heights that it knows."""
        return set(self._hashes)


def agreed(branches: Sequence[Branch]) -> tuple[int, str] | None:
    """Return the greatest height at which more than half of all have the same block, and its hash;
    None where there is none."""
    heights = set().union(*(branch.heights for branch in branches))
    for height in sorted(heights, reverse=True):
        votes = Counter(branch.at(height) for branch in branches)
        votes.pop(None, None)
        winner, count = votes.most_common(1)[0]
        if winner is not None and count * 2 > len(branches):
            return height, winner
    return None


def judge(branches: Sequence[Branch], before: Sequence[bool]) -> list[bool]:
    """Say of each whether it is outvoted: it has another block at the height at which most agree.

    One that does not tell what it has there is judged as `before`; without an agreement none is.
    """
    found = agreed(branches)
    if found is None:
        return [False] * len(branches)
    height, winner = found
    return [
        was if branch.at(height) is None else branch.at(height) != winner
        for branch, was in zip(branches, before, strict=True)
    ]
