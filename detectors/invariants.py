"""Does a statement hold? Exact, and honest about what cannot be known. Pure.

Numbers are integers and fractions, never floats. A quantity that this transaction does not show is
unknown; so is what is computed from it, a division by nought, and a number beyond `MAX_BITS`. Joins
follow Kleene's strong logic: `or` with one true part is true whatever the other is.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction

from schemas.statements import Arithmetic, Compared, Logic, Number, Numeric, Quantity, Statement

MAX_BITS = 4_096
"""Sixteen uint256 multiplied with one another; nothing sensible needs more."""

Lookup = Callable[[Quantity | Number], Fraction | None]
"""Gives the value of what is looked up, and of numbers that count a token's units."""


def holds(statement: Statement, lookup: Lookup, tolerance: Fraction = Fraction(0)) -> bool | None:
    """Say whether a statement holds; None when that cannot be known."""
    if isinstance(statement, Compared):
        left, right = number(statement.left, lookup), number(statement.right, lookup)
        if left is None or right is None:
            return None
        return _compared(statement.operator, left, right, tolerance)
    parts = [holds(part, lookup, tolerance) for part in statement.parts]
    if statement.operator == "not":
        return None if parts[0] is None else not parts[0]
    if statement.operator == "implies":
        parts[0] = None if parts[0] is None else not parts[0]
    decisive = statement.operator != "and"
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def number(node: Numeric, lookup: Lookup) -> Fraction | None:
    """Return what a number is; None when that cannot be known."""
    if not isinstance(node, Arithmetic):
        return lookup(node)
    left, right = number(node.left, lookup), number(node.right, lookup)
    if left is None or right is None or (node.operator == "/" and right == 0):
        return None
    result = _computed(node, left, right)
    bits = max(result.numerator.bit_length(), result.denominator.bit_length())
    return result if bits <= MAX_BITS else None


def comparisons(statement: Statement) -> Iterator[Compared]:
    """Yield every comparison of a statement, in the order of the text."""
    if isinstance(statement, Compared):
        yield statement
    elif isinstance(statement, Logic):
        for part in statement.parts:
            yield from comparisons(part)


def _computed(node: Arithmetic, left: Fraction, right: Fraction) -> Fraction:
    match node.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right


def _compared(operator: str, left: Fraction, right: Fraction, tolerance: Fraction) -> bool:
    slack = tolerance * max(abs(left), abs(right))
    gap = left - right
    match operator:
        case "==":
            return abs(gap) <= slack
        case "!=":
            return abs(gap) > slack or (not slack and gap != 0)
        case "<=":
            return gap <= slack
        case ">=":
            return -gap <= slack
        case "<":
            return gap < slack or (not slack and gap < 0)
        case _:
            return -gap < slack or (not slack and -gap < 0)
