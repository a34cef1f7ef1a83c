"""Statements against Python's own arithmetic, and against whatever somebody may write."""

import time
from contextlib import suppress
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.invariants import holds
from schemas.expressions import ExpressionError, parse
from schemas.statements import Number, Quantity

NAMES = ("A", "B", "C")
VALUES = st.dictionaries(
    st.sampled_from(NAMES), st.none() | st.integers(0, 2**256 - 1) | st.integers(0, 3), min_size=3
)


def numbers() -> st.SearchStrategy[str]:
    leaf = st.integers(0, 10).map(str) | st.sampled_from(NAMES).map(lambda n: f"minted({n})")
    return st.recursive(
        leaf,
        lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        max_leaves=6,
    )


def statements() -> st.SearchStrategy[str]:
    operators = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
    leaf = st.tuples(numbers(), operators, numbers()).map(" ".join)
    return st.recursive(
        leaf,
        lambda inner: (
            st.tuples(inner, st.sampled_from(("and", "or", "implies")), inner).map(
                lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
            )
            | inner.map(lambda text: f"not ({text})")
        ),
        max_leaves=4,
    )


def lookup(values: dict[str, int | None]) -> Any:
    def find(node: Quantity | Number) -> Fraction | None:
        if isinstance(node, Number):
            return node.value
        value = values[node.arguments[0]]
        return None if value is None else Fraction(value)

    return find


class UnknownError(Exception):
    pass


def reference(text: str, values: dict[str, int | None]) -> bool | None:
    """What Python says, if nothing unknown is touched; text is our own, from the strategies."""

    def minted(name: str) -> Fraction:
        value = values[name]
        if value is None:
            raise UnknownError
        return Fraction(value)

    python = text
    if " implies " in python:
        return None  # judged by the laws below
    for number in range(10, -1, -1):
        python = python.replace(f" {number} ", f" Fraction({number}) ")
    names: dict[str, Any] = {name: name for name in NAMES}
    names |= {"minted": minted, "Fraction": Fraction}
    try:
        found = eval(python, {"__builtins__": {}}, names)  # our own text
    except (UnknownError, ZeroDivisionError):
        return None
    return bool(found)


@settings(max_examples=150, deadline=None)
@given(statements(), VALUES)
def test_what_is_known_is_as_python_has_it(text: str, values: dict[str, int | None]) -> None:
    known = {name: values.get(name) or 0 for name in NAMES}
    if len(text) > 1_000:
        return
    expected = reference(text, dict(known))
    if expected is not None:
        found = holds(parse(text), lookup(dict(known)))
        assert found in (expected, None)
        assert found == expected or "/" in text or "*" in text


@settings(max_examples=150, deadline=None)
@given(statements(), statements(), VALUES)
def test_the_laws_of_logic_hold_with_unknowns(
    one: str, other: str, values: dict[str, int | None]
) -> None:
    if len(one) + len(other) > 400:
        return
    find = lookup({name: values.get(name) for name in NAMES})
    first, second = holds(parse(one), find), holds(parse(other), find)

    def joined(text: str) -> bool | None:
        return holds(parse(text), find)

    assert joined(f"not (({one}) and ({other}))") == joined(f"(not ({one})) or (not ({other}))")
    assert joined(f"({one}) implies ({other})") == joined(f"(not ({one})) or ({other})")
    if False in (first, second):
        assert joined(f"({one}) and ({other})") is False
    if True in (first, second):
        assert joined(f"({one}) or ({other})") is True


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='()<>=!+-*/%., "andornotimplies0123456789xminted_AB\n\u00e9', max_size=300))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    with suppress(ExpressionError):
        parse(text)


def test_the_largest_numbers_are_refused_quickly() -> None:
    text = "*".join(["minted(A)"] * 60) + " > 1 or " + "/".join(["minted(A)"] * 6) + " > 1"
    find = lookup({"A": 2**256 - 1})
    start = time.process_time()
    assert holds(parse(text), find) is None  # beyond MAX_BITS
    assert time.process_time() - start < 0.1


@given(st.integers(0, 2**256 - 1), st.integers(1, 10**6))
def test_tolerance_is_a_share_of_the_larger_side(value: int, parts: int) -> None:
    share = Fraction(1, parts)
    within = lookup({"A": value, "B": value - value // parts})
    beyond = lookup({"A": value, "B": value - value // parts - 2})
    assert holds(parse("minted(A) == minted(B)"), within, share) is True
    if value > 10 * parts and value // parts > 10:
        assert holds(parse("minted(A) == minted(B)"), beyond, share) is False


@given(st.integers(0, 2**256 - 1))
def test_a_single_unit_is_never_lost(value: int) -> None:
    find = lookup({"A": value, "B": value + 1})
    assert holds(parse("minted(A) < minted(B)"), find) is True
    assert holds(parse("minted(A) == minted(B)"), find) is False
