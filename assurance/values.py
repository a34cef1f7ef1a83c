"""What is known of a word on the stack while code is followed without running it. Pure.

A word is a constant, or a `Term` that says where it came from, or None: anything. Arithmetic with
constants gives constants; masks and shifts leave a term what it is, for that is how compilers cut
an address out of a word.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

Kind = Literal[
    "calldata", "first word", "selector", "is", "is not", "storage", "memory", "caller", "origin",
    "self", "names", "done", "failed", "value",
]  # fmt: skip


class Term(NamedTuple):
    """A word that is not known, but where it came from is."""

    kind: Kind
    detail: int | None = None
    """The slot of storage, if it is known; the selector that is compared or named; where the call
    stands that was done or failed."""


Word = int | Term | None

_MAX = 2**256 - 1
ADD, MUL, SUB, DIV, EXP, EQ, ISZERO = 0x01, 0x02, 0x03, 0x04, 0x0A, 0x14, 0x15
AND, OR, XOR, NOT, SHL, SHR = 0x16, 0x17, 0x18, 0x19, 0x1B, 0x1C
SIGNEXTEND, BYTE, SAR, CALLDATALOAD, SLOAD = 0x0B, 0x1A, 0x1D, 0x35, 0x54

_CUTS = frozenset({AND, OR, DIV, MUL, SHL, SHR, SAR, BYTE, SIGNEXTEND})
_COMPARES = frozenset({EQ, SUB, XOR})
_FOLDS: Mapping[int, Callable[[int, int], int]] = {
    ADD: lambda a, b: a + b,
    MUL: lambda a, b: a * b,
    SUB: lambda a, b: a - b,
    DIV: lambda a, b: a // b if b else 0,
    AND: lambda a, b: a & b,
    OR: lambda a, b: a | b,
    XOR: lambda a, b: a ^ b,
    SHL: lambda a, b: b << a if a < 256 else 0,
    SHR: lambda a, b: b >> a if a < 256 else 0,
}
"""The first operand is the one on top. Comparisons are never decided: a loop that is followed once
must be left once as well."""


_SOURCES: Mapping[int, Kind] = {
    0x30: "self",
    0x32: "origin",
    0x33: "caller",
    0x34: "value",
    0x51: "memory",
}


def pushed(operation: int, source: Word) -> Word:
    """Return what an operation with at most one operand puts on the stack."""
    if operation in _SOURCES:
        return Term(_SOURCES[operation])
    if operation == CALLDATALOAD:
        return Term("first word" if source == 0 else "calldata")
    if operation == SLOAD:
        return Term("storage", source if isinstance(source, int) else None)
    if operation == NOT:
        return source ^ _MAX if isinstance(source, int) else None
    return _not(source) if operation == ISZERO else None


def combined(operation: int, top: Word, below: Word) -> Word:
    """Return what an operation with two operands puts on the stack."""
    if isinstance(top, int) and isinstance(below, int):
        return _folded(operation, top, below)
    term, other = (top, below) if isinstance(top, Term) else (below, top)
    if operation in _COMPARES:
        return _compared(operation, term, other)
    if operation == OR and isinstance(other, int) and names(other):
        return Term("names", names(other))
    if not isinstance(term, Term) or isinstance(other, Term) or operation not in _CUTS:
        return None
    return _cut_first_word(operation, top, below) if term.kind == "first word" else term


def _folded(operation: int, top: int, below: int) -> int | None:
    if operation == EXP:
        return 256**below if top == 256 and below < 32 else None
    fold = _FOLDS.get(operation)
    return None if fold is None else fold(top, below) & _MAX


def _cut_first_word(operation: int, top: Word, below: Word) -> Word:
    if (operation == SHR and top == 224) or (operation == DIV and below == 2**224):
        return Term("selector")
    return Term("first word") if operation == AND else Term("calldata")


def _compared(operation: int, term: Word, other: Word) -> Word:
    if isinstance(term, Term) and term.kind == "selector" and isinstance(other, int):
        return Term("is" if operation == EQ else "is not", other)
    return None


_OPPOSITES: Mapping[Kind, Kind] = {
    "is": "is not", "is not": "is", "done": "failed", "failed": "done",
}  # fmt: skip


def _not(condition: Word) -> Word:
    if isinstance(condition, Term) and condition.kind in _OPPOSITES:
        return Term(_OPPOSITES[condition.kind], condition.detail)
    return None


def failed(call: int | None, stack: Sequence[Word]) -> list[Word]:
    """Return a stack, now that a call is known to have failed: compilers ask twice, and would be
    taken to go where nothing leads."""
    return [0 if word == Term("done", call) else word for word in stack]


def names(word: Word) -> int:
    """Return the function that a word names when it is written in front of a call's arguments; 0
    for none."""
    if isinstance(word, Term):
        return (word.detail or 0) if word.kind == "names" else 0
    if word is None or word & (2**224 - 1):
        return 0
    return word >> 224
