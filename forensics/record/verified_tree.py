"""The tree that a log's leaves give, made again and held against what is said of it."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from forensics.record.merkle import HASH_BYTES, Frontier
from forensics.record.tiles import WIDTH, Tile, Tiles, place
from schemas.errors import UnsafeToContinueError


class Outside(NamedTuple):
    """What the log said to somebody: its first `size` leaves have this root."""

    size: int
    root: bytes
    where: str


class Tree:
    """Takes a log's leaf hashes, a tile at a time; compares its tiles, and every root that it has
    to have on its way."""

    def __init__(
        self,
        tiles: Tiles,
        bottom: Iterator[tuple[int, bytes]],
        heads: Sequence[Iterator[Outside]],
        find: Callable[[str], None],
    ) -> None:
        """`bottom` are the tiles of leaf hashes by their numbers, `heads` lists of roots, each by
        rising sizes; `find` is told what does not fit."""
        self._tiles = tiles
        self._find = find
        self._bottom = bottom
        self._frontier = Frontier()
        self._upper: list[tuple[int, bytearray]] = []
        self._heads = heads
        self._waiting = [next(source, None) for source in heads]
        self.checked = [0] * len(heads)
        """How many roots of each list were compared."""
        self.size = 0

    def add(self, leaves: Sequence[bytes]) -> None:
        """Add the leaves of the next tile, all 256 of it unless it is the last."""
        start, self.size = self.size, self.size + len(leaves)
        number, hashes = next(self._bottom, (-1, b""))
        if number != start // WIDTH or hashes[: len(leaves) * HASH_BYTES] != b"".join(leaves):
            self._find(f"tile 0/{place(start // WIDTH)} does not hold its leaves")
        self._check_heads(start, leaves)
        if len(leaves) == WIDTH:
            for height, node in self._frontier.append(_root(leaves)):
                self._grow(1 + (height >> 3), node)

    def _check_heads(self, start: int, leaves: Sequence[bytes]) -> None:
        for which, source in enumerate(self._heads):
            part, head = Frontier(), self._waiting[which]
            while head is not None and head.size <= start + len(leaves):
                self.checked[which] += 1
                if head.size < start + part.size:
                    self._find(f"{head.where} of {head.size} leaves stands behind larger ones")
                else:
                    for leaf in leaves[part.size : head.size - start]:
                        part.append(leaf)
                    whole = Frontier(head.size, (*self._frontier.peaks, *part.peaks))
                    if whole.root() != head.root:
                        self._find(
                            f"the first {head.size} leaves do not give the root of {head.where}"
                        )
                head = next(source, None)
            self._waiting[which] = head

    def _grow(self, level: int, node: bytes) -> None:
        if level > len(self._upper):
            self._upper.append((0, bytearray()))
        number, hashes = self._upper[level - 1]
        hashes += node
        if len(hashes) == WIDTH * HASH_BYTES:
            self._compare(Tile(level, number), hashes)
            self._upper[level - 1] = (number + 1, bytearray())

    def _compare(self, tile: Tile, hashes: bytearray) -> None:
        try:
            same = self._tiles(tile)[: len(hashes)] == hashes
        except UnsafeToContinueError as error:
            self._find(str(error))
            return
        if not same:
            self._find(f"tile {tile.level}/{place(tile.number)} does not hold its leaves")

    def finish(self, now: int) -> None:
        """Compare the tiles that are not full, and tell of roots that need more leaves: of each
        list the largest, where it is of more than the `now` that are sealed."""
        for level, (number, hashes) in enumerate(self._upper, 1):
            if hashes:
                self._compare(Tile(level, number, len(hashes) // HASH_BYTES), hashes)
        for head, source in zip(self._waiting, self._heads, strict=True):
            last = max(source, default=head) if head is not None else None
            if last is not None and last.size > now:
                self._find(
                    f"{last.where} has {last.size} leaves, here are {self.size} sealed: the end "
                    "was cut off, or an older copy was put in its place"
                )


def _root(nodes: Sequence[bytes]) -> bytes:
    """Return the root above as many nodes as a tile has."""
    while len(nodes) > 1:
        pairs = zip(nodes[::2], nodes[1::2], strict=True)
        nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return nodes[0]
