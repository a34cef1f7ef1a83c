"""How ways run between boxes: where they leave and arrive, their curves, and room for their words.

Ends that share a side of a box are spread over it in the order of where they lead, so that ways
to and fro do not lie on each other. Words take the first place on their curve that no others have.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

Pair = tuple[str, str]
"""Source and target."""

_PLACES = (0.5, 0.38, 0.62, 0.28, 0.72, 0.2, 0.8)
"""Where on a curve words may stand, from 0 at its source to 1 at its target."""

_BULGE = 64.0
"""How far a way within one column bends to the right."""


class Box(NamedTuple):
    """Where an account is drawn."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: "Box") -> bool:
        """Say whether two boxes overlap."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


class Curve(NamedTuple):
    """A cubic curve that leaves and arrives level."""

    x1: float
    y1: float
    c1: float
    c2: float
    x2: float
    y2: float
    leftward: bool
    """Whether it arrives from the right."""

    def at(self, t: float) -> tuple[float, float]:
        """Return a point of it."""
        u = 1 - t
        weights = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
        x = sum(w * p for w, p in zip(weights, (self.x1, self.c1, self.c2, self.x2), strict=True))
        y = sum(w * p for w, p in zip(weights, (self.y1, self.y1, self.y2, self.y2), strict=True))
        return x, y


def curves(pairs: Sequence[Pair], boxes: Mapping[str, Box]) -> dict[Pair, Curve]:
    """Return the curve of each way."""
    ends: dict[tuple[str, str], list[tuple[float, int, Pair]]] = defaultdict(list)
    for pair in pairs:
        a, b = boxes[pair[0]], boxes[pair[1]]
        leaves, arrives = _sides(a, b)
        ends[pair[0], leaves].append((b.y + b.height / 2, 0, pair))
        ends[pair[1], arrives].append((a.y + a.height / 2, 1, pair))
    heights: dict[tuple[Pair, int], float] = {}
    for (name, _), found in ends.items():
        box = boxes[name]
        for place, (_, which, pair) in enumerate(sorted(found), 1):
            heights[pair, which] = box.y + box.height * place / (len(found) + 1)
    return {pair: _curve(pair, boxes, heights[pair, 0], heights[pair, 1]) for pair in pairs}


def place(curve: Curve, width: float, height: float, taken: Iterable[Box]) -> Box:
    """Return room for words on a curve; the middle where no place is free."""
    taken = list(taken)
    rooms = []
    for t in _PLACES:
        x, y = curve.at(t)
        room = Box(x - width / 2, y - height / 2, width, height)
        if not any(room.meets(other) for other in taken):
            return room
        rooms.append(room)
    return rooms[0]


def _sides(a: Box, b: Box) -> tuple[str, str]:
    """Return by which side a way leaves and by which it arrives."""
    if a.x == b.x:
        return "right", "right"
    return ("right", "left") if a.x < b.x else ("left", "right")


def _curve(pair: Pair, boxes: Mapping[str, Box], y1: float, y2: float) -> Curve:
    a, b = boxes[pair[0]], boxes[pair[1]]
    leaves, arrives = _sides(a, b)
    x1 = a.x + a.width * (leaves == "right")
    x2 = b.x + b.width * (arrives == "right")
    if a.x == b.x:
        return Curve(x1, y1, x1 + _BULGE, x2 + _BULGE, x2, y2, leftward=True)
    half = (x2 - x1) / 2
    return Curve(x1, y1, x1 + half, x2 - half, x2, y2, leftward=arrives == "right")
