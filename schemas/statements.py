"""What an invariant states: numbers, what is looked up, comparisons, and how they are joined.

`schemas.expressions` reads them from text; `detectors.invariants` says whether they hold.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Argument = Literal["token", "address", "event", "field", "slot"]

QUANTITIES: dict[str, tuple[tuple[Argument, ...], int]] = {
    "inflow": (("token", "address"), 1),
    "outflow": (("token", "address"), 1),
    "net": (("token", "address"), 1),
    "minted": (("token",), 1),
    "burned": (("token",), 1),
    "count": (("event", "address"), 1),
    "total": (("field", "address"), 1),
    "least": (("field", "address"), 1),
    "most": (("field", "address"), 1),
    "written": (("address", "slot"), 2),
    "stored": (("address", "slot"), 2),
    "supply": (("token",), 1),
    "balance": (("token", "address"), 2),
}
"""By name: the kinds of its arguments, and how many of them are required."""

TRACKED = frozenset({"stored", "supply", "balance"})
"""Quantities that outlive a transaction; only these have a `before`."""

Comparison = Literal["<=", "<", ">=", ">", "==", "!="]


@dataclass(frozen=True, slots=True)
class Number:
    """A constant; `token` is set where it counts a token's units."""

    value: Fraction
    token: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is looked up in the transaction or in what was tracked."""

    name: str
    arguments: tuple[str, ...]
    before: bool = False

    def __str__(self) -> str:
        text = f"{self.name}({', '.join(self.arguments)})"
        return f"before({text})" if self.before else text


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A sum, difference, product or quotient of two numbers."""

    operator: Literal["+", "-", "*", "/"]
    left: "Numeric"
    right: "Numeric"


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison of two numbers."""

    operator: Comparison
    left: "Numeric"
    right: "Numeric"


@dataclass(frozen=True, slots=True)
class Logic:
    """Statements joined: `and`, `or`, `implies` join two, `not` takes the first alone."""

    operator: Literal["and", "or", "implies", "not"]
    parts: tuple["Statement", ...]


Numeric = Number | Quantity | Arithmetic
Statement = Compared | Logic
Node = Numeric | Statement


def quantities(node: Node) -> tuple[Quantity, ...]:
    """Return every quantity of an expression, once each, in the order of the text."""
    found: dict[Quantity, None] = {}
    pending: list[Node] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, Quantity):
            found[part] = None
        elif isinstance(part, Arithmetic | Compared):
            pending += [part.right, part.left]
        elif isinstance(part, Logic):
            pending += reversed(part.parts)
    return tuple(found)


def units(node: Node) -> tuple[str, ...]:
    """Return the tokens that the numbers of an expression count."""
    pending: list[Node] = [node]
    found: dict[str, None] = {}
    while pending:
        part = pending.pop()
        if isinstance(part, Number) and part.token:
            found[part.token] = None
        elif isinstance(part, Arithmetic | Compared):
            pending += [part.left, part.right]
        elif isinstance(part, Logic):
            pending += part.parts
    return tuple(found)
