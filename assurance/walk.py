"""Follows a contract's code along every way that it can take, without running it. Pure.

Only what can be reached counts: data, metadata and the code of contracts that it carries are not
read as instructions. Each way keeps what is known of its stack (`assurance.values`), so a jump goes
where its address says, and each act is known by the function that leads to it.

What is not decided is taken both ways, so more may be reached here than in truth, and never less
as long as `Walk.complete`. Code with a jump whose target is not a constant, or with more ways than
`MAX_STEPS` allows, is not complete: its acts are then also looked for in every place that a jump
could lead to, and belong to no function.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from assurance.values import SLOAD, Term, Word, combined, failed, names, pushed
from runtime.bytecode import MAX_BYTES, PUSH0, PUSH32, without_metadata

MAX_STEPS = 250_000
"""Instructions followed, all ways together: seconds."""

MAX_DEPTH = 1_024
"""The stack's own limit."""

Kind = Literal[
    "call", "static call", "delegate call", "create", "create2", "destroy", "store", "log",
    "origin compared", "take",
]  # fmt: skip


class Act(NamedTuple):
    """Something that a contract does to the world."""

    kind: Kind
    function: int | None
    """The selector of the function that leads to it; None for what other calls lead to."""
    target: Word = None
    """Whom it calls, or who gets what a destroyed contract held."""
    called: int = 0
    """The selector of the function that it calls; 0 when that is not known."""
    sends: bool = False
    """Whether it may send the chain's coin along."""


@dataclass(slots=True)
class Walk:
    """All that was found."""

    functions: set[int] = field(default_factory=set)
    acts: set[Act] = field(default_factory=set)
    slots: set[int] = field(default_factory=set)
    """Constants that are read or written as slots of storage."""
    complete: bool = True

    def of(self, *kinds: Kind) -> list[Act]:
        """Return the acts of these kinds, in an order of their own."""
        return sorted((act for act in self.acts if act.kind in kinds), key=repr)


_POPS_PUSHES = {
    **dict.fromkeys((*range(0x01, 0x08), 0x0A, 0x0B), (2, 1)),
    **dict.fromkeys((0x08, 0x09), (3, 1)),
    **dict.fromkeys((*range(0x10, 0x15), 0x16, 0x17, 0x18, *range(0x1A, 0x1E), 0x20), (2, 1)),
    **dict.fromkeys((0x15, 0x19, 0x1E, 0x31, 0x35, 0x3B, 0x3F, 0x40, 0x49, 0x51, 0x54), (1, 1)),
    **dict.fromkeys((0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D), (0, 1)),
    **dict.fromkeys((*range(0x41, 0x49), 0x4A, 0x58, 0x59, 0x5A), (0, 1)),
    **dict.fromkeys((0x37, 0x39, 0x3E, 0x5E), (3, 0)),
    0x3C: (4, 0), 0x50: (1, 0), 0x52: (2, 0), 0x53: (2, 0), 0x55: (2, 0), 0x5B: (0, 0),
    0x5C: (1, 1), 0x5D: (2, 0), **{0xA0 + n: (n + 2, 0) for n in range(5)},
    0xF0: (3, 1), 0xF1: (7, 1), 0xF2: (7, 1), 0xF4: (6, 1), 0xF5: (4, 1), 0xFA: (6, 1),
    0xFF: (1, 0),
}  # fmt: skip
_ENDS = frozenset({0x00, 0xF3, 0xFD, 0xFE, 0xFF})
_JUMP, _JUMPI, _JUMPDEST, _MSTORE, _SSTORE, _TSTORE, _DESTROY = (
    0x56, 0x57, 0x5B, 0x52, 0x55, 0x5D, 0xFF,
)  # fmt: skip
_CALLS: dict[int, Kind] = {
    0xF1: "call", 0xF2: "delegate call", 0xF4: "delegate call", 0xFA: "static call",
}  # fmt: skip
_COMPARES = frozenset({0x03, 0x14, 0x18})
_ASKS = frozenset({0x10, 0x11, 0x14, 0x15, 0x50})
"""Operations by which code asks whether coin came at all, to refuse it."""
_MAKES: dict[int, Kind] = {0xF0: "create", 0xF5: "create2"}


class _Way(NamedTuple):
    """Where one way stands."""

    at: int
    stack: tuple[Word, ...]
    function: int | None
    named: int
    """The function that was last written in front of a call's arguments."""


@lru_cache(maxsize=256)
def walk(code: bytes) -> Walk:
    """Return all that a contract's deployed code can do. The answer is shared: do not change it."""
    return _Walker(without_metadata(code[:MAX_BYTES])).walk()


@lru_cache(maxsize=256)
def only(code: bytes, functions: frozenset[int]) -> Walk:
    """Return what code can do where these functions alone lead to it, and what other calls lead to.
    The answer is shared: do not change it."""
    found = walk(code)
    acts = {act for act in found.acts if act.function is None or act.function in functions}
    return Walk(set(functions), acts, found.slots, found.complete)


def _destinations(code: bytes) -> frozenset[int]:
    found, at = set(), 0
    while at < len(code):
        operation = code[at]
        if operation == _JUMPDEST:
            found.add(at)
        at += 1 + (operation - PUSH0 if PUSH0 <= operation <= PUSH32 else 0)
    return frozenset(found)


class _Walker:
    def __init__(self, code: bytes) -> None:
        self._code = code
        self._destinations = _destinations(code)
        self._found = Walk()
        self._seen: set[_Way] = set()
        self._left = MAX_STEPS

    def walk(self) -> Walk:
        self._follow(_Way(0, (), None, 0))
        if not self._found.complete:
            self._left = MAX_STEPS
            for at in sorted(self._destinations):
                self._follow(_Way(at, (None,) * 32, None, 0), once=True)
        return self._found

    def _follow(self, start: _Way, *, once: bool = False) -> None:
        """Follow a way and all that branch off; `once`: only up to its end."""
        waiting = [start]
        while waiting:
            way = waiting.pop()
            known = way._replace(stack=tuple(map(self._kept, way.stack)))
            if known in self._seen:
                continue
            self._seen.add(known)
            if self._left <= 0:
                self._found.complete = False
                return
            branches = self._straight(way)
            if not once:
                waiting += branches

    def _kept(self, word: Word) -> Word:
        """Return what of a word tells two ways apart: where it may jump, and where it came from.
        Other constants do not, or a loop's counter would be followed for ever."""
        return word if isinstance(word, Term) or word in self._destinations or word == 0 else None

    def _straight(self, way: _Way) -> list[_Way]:
        """Follow a way to where it branches or ends; return its branches."""
        at, stack, function, named = way.at, list(way.stack), way.function, way.named
        while at < len(self._code) and len(stack) <= MAX_DEPTH:
            operation = self._code[at]
            self._left -= 1
            at += 1
            if PUSH0 <= operation <= PUSH32:
                width = operation - PUSH0
                stack.append(int.from_bytes(self._code[at : at + width].ljust(width, b"\0"), "big"))
                at += width
            elif 0x80 <= operation <= 0x9F:
                if not _shuffled(stack, operation):
                    return []
            elif operation in (_JUMP, _JUMPI):
                return list(self._branches(operation, at, stack, function, named))
            elif operation in _POPS_PUSHES:
                taken = _taken(stack, operation)
                if taken is None:
                    return []
                self._note(operation, taken, function, named)
                named = _named(operation, taken, named)
                if _POPS_PUSHES[operation][1]:
                    stack.append(_result(operation, taken, at))
            if operation in _ENDS or operation not in _KNOWN:
                return []
        return []

    def _branches(
        self, operation: int, after: int, stack: list[Word], function: int | None, named: int
    ) -> Iterator[_Way]:
        if len(stack) < (1 if operation == _JUMP else 2):
            return
        target = stack.pop()
        taken = passed = function
        there = stack
        if operation == _JUMPI:
            condition = stack.pop()
            kind, detail = condition if isinstance(condition, Term) else ("", None)
            if kind in ("is", "is not") and detail is not None:
                self._found.functions.add(detail)
                if function is None:
                    taken, passed = (detail, None) if kind == "is" else (None, detail)
            here = failed(detail, stack) if kind == "done" else stack
            there = failed(detail, stack) if kind == "failed" else stack
            yield _Way(after, tuple(here), passed, named)
            if condition == 0:
                return
        if isinstance(target, int) and target in self._destinations:
            yield _Way(target, tuple(there), taken, named)
        elif not isinstance(target, int):
            self._found.complete = False

    def _note(self, operation: int, taken: list[Word], function: int | None, named: int) -> None:
        """Write down what an instruction does; `taken` has its operands, the topmost first."""
        if operation in (SLOAD, _SSTORE) and isinstance(taken[0], int):
            self._found.slots.add(taken[0])
        if Term("value") in taken and not (operation in _ASKS and set(taken) <= {Term("value"), 0}):
            self._found.acts.add(Act("take", function))
        if operation in _CALLS:
            sends = operation == 0xF1 and taken[2] != 0
            self._found.acts.add(Act(_CALLS[operation], function, taken[1], named, sends))
        elif operation in _MAKES:
            self._found.acts.add(Act(_MAKES[operation], function))
        elif operation == _DESTROY:
            self._found.acts.add(Act("destroy", function, taken[0]))
        elif operation in (_SSTORE, _TSTORE):
            self._found.acts.add(Act("store", function))
        elif 0xA0 <= operation <= 0xA4:
            self._found.acts.add(Act("log", function))
        elif operation in _COMPARES and Term("origin") in taken:
            other = taken[1] if taken[0] == Term("origin") else taken[0]
            self._found.acts.add(Act("origin compared", function, other))


_KNOWN = frozenset({*range(PUSH0, 0xA0), *_POPS_PUSHES, *_ENDS, _JUMP, _JUMPI})


def _taken(stack: list[Word], operation: int) -> list[Word] | None:
    """Take an operation's operands from the stack, the topmost first; None if it lacks them."""
    pops, _ = _POPS_PUSHES[operation]
    return [stack.pop() for _ in range(pops)] if len(stack) >= pops else None


def _named(operation: int, taken: list[Word], named: int) -> int:
    """Return the function that was last written in front of a call's arguments."""
    if operation == _MSTORE:
        return names(taken[1]) or named
    return 0 if operation in _CALLS else named


def _result(operation: int, taken: list[Word], at: int) -> Word:
    if operation in _CALLS:
        return Term("done", at)
    if len(taken) == 2:
        return combined(operation, taken[0], taken[1])
    return pushed(operation, taken[0] if taken else None)


def _shuffled(stack: list[Word], operation: int) -> bool:
    """Do a DUP or a SWAP; say whether the stack was deep enough."""
    if operation < 0x90:
        depth = operation - 0x7F
        if len(stack) < depth:
            return False
        stack.append(stack[-depth])
        return True
    depth = operation - 0x8E
    if len(stack) < depth:
        return False
    stack[-1], stack[-depth] = stack[-depth], stack[-1]
    return True
