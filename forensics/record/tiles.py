"""A tree as tiles of 256 hashes (C2SP tlog-tiles): names, nodes and proofs. Pure.

The tile `number` at `level` holds the roots of the subtrees of 256**level leaves from
`number * 256` on. Tiles only grow, so a partial tile is the beginning of the later full one.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from forensics.record.errors import UntrustedError
from forensics.record.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, node_hash

WIDTH = 256
_HEIGHT = 8
LEVELS = 8
"""More than 2**63 leaves have no number."""

_PLACE = re.compile(r"((?:x\d{3}/){0,6}\d{3})(?:\.p/([1-9]\d{0,2}))?")


class Tile(NamedTuple):
    """A tile's name; `width` hashes of it are meant."""

    level: int
    number: int
    width: int = WIDTH


Tiles = Callable[[Tile], bytes]
"""Gives the hashes of a tile, one behind the other, as many as its width or more."""


def place(number: int, width: int = WIDTH) -> str:
    """Write a tile's number, and its width where it is partial, as in its path."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"


def placed(level: int, path: str) -> Tile:
    """Read what `place` wrote. Raises `UntrustedError` for a path that it would not write."""
    found = _PLACE.fullmatch(path)
    if found is None or not 0 <= level < LEVELS:
        raise UntrustedError("no such tile")
    number = int(found[1].replace("x", "").replace("/", ""))
    tile = Tile(level, number, int(found[2] or WIDTH))
    if place(tile.number, tile.width) != path:
        raise UntrustedError("no such tile")
    return tile


def width_in(size: int, level: int, number: int) -> int:
    """Return how many hashes of a tile a tree of `size` leaves has."""
    return max(0, min(WIDTH, (size >> _HEIGHT * level) - number * WIDTH))


def root(size: int, tiles: Tiles) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return _range(0, size, tiles) if size else EMPTY_ROOT


def frontier(size: int, tiles: Tiles) -> Frontier:
    """Return the right edge of the tree of the first `size` leaves."""
    return Frontier(size, [_node(h, at, tiles) for h, at in _perfect(0, size)])


def inclusion(index: int, size: int, tiles: Tiles) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of `size` leaves: PATH(m, D[n])."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    low, high, found = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            found.append(_range(middle, high, tiles))
            high = middle
        else:
            found.append(_range(low, middle, tiles))
            low = middle
    return found[::-1]


def consistency(old: int, new: int, tiles: Tiles) -> list[bytes]:
    """Return the proof that the tree of `new` leaves continues the one of `old`: PROOF(m, D[n])."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not follow one of {old}")
    if old in (0, new):
        return []
    low, high, whole, found = 0, new, True, []
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            found.append(_range(middle, high, tiles))
            high = middle
        else:
            found.append(_range(low, middle, tiles))
            low, whole = middle, False
    if not whole:
        found.append(_range(low, high, tiles))
    return found[::-1]


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _perfect(low: int, high: int) -> list[tuple[int, int]]:
    """Return height and number of the perfect subtrees that leaves `low` to `high` fall into.

    `low` is a multiple of the largest one's size, as it is wherever RFC 6962 splits a tree.
    """
    found = []
    while low < high:
        height = (high - low).bit_length() - 1
        found.append((height, low >> height))
        low += 1 << height
    return found


def _range(low: int, high: int, tiles: Tiles) -> bytes:
    *rest, last = (_node(height, number, tiles) for height, number in _perfect(low, high))
    for node in reversed(rest):
        last = node_hash(node, last)
    return last


def _node(height: int, number: int, tiles: Tiles) -> bytes:
    """Return the root of a perfect subtree, from the one tile that covers it."""
    level, above = divmod(height, _HEIGHT)
    start, count = number << above, 1 << above
    first = start % WIDTH
    hashes = tiles(Tile(level, start // WIDTH, first + count))
    nodes = [hashes[i * HASH_BYTES : (i + 1) * HASH_BYTES] for i in range(first, first + count)]
    while len(nodes) > 1:
        nodes = [node_hash(*nodes[i : i + 2]) for i in range(0, len(nodes), 2)]
    return nodes[0]
