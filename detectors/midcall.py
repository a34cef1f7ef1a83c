"""What happens while somebody else's contract is still at work; pure functions over calls.

A contract that calls out in the middle of its work shows a state that is neither the old one nor
the new one. Who is called by it can go on to another contract of the same protocol (cross-contract
re-entry), or let a third contract read the half-finished state and act on it (read-only re-entry);
no contract is entered twice in either. The outside world is what the initiators brought: `mine`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from msgspec import Struct

from detectors.bytecode.signatures import purposes
from detectors.tree import QUIET
from schemas.chain import Call

_BORROWING = "delegatecall", "callcode"
"""Kinds of frames in which the sender runs the code of `to`."""


class Midcall(NamedTuple):
    """A frame that met a contract in the middle of its work."""

    open: str
    """The contract that was at work."""
    met: str
    """The contract that read it, or that was entered meanwhile."""
    call: int
    """Position of the frame in `Transaction.calls`."""


class Brought(Struct, frozen=True, gc=False):
    """Where contracts of others used what the initiators brought."""

    back: list[Call]
    """The frames in which one called it: without any, nobody was interrupted."""
    foreign: list[int]
    """Where one ran its code: a delegatecall to it, or to what was born in this very transaction.
    Positions in `Transaction.calls`."""


def brought(calls: Sequence[Call], mine: frozenset[str]) -> Brought:
    """Return how others used the contracts in `mine`."""
    back: list[Call] = []
    foreign: list[int] = []
    for position, call in enumerate(calls):
        if call.to in mine:
            if call.sender not in mine:
                if call.depth > 0:
                    back.append(call)
                if call.kind in _BORROWING:
                    foreign.append(position)
        elif call.code is not None and call.code in mine and call.kind not in _BORROWING:
            foreign.append(position)
    return Brought(back, foreign)


def interrupted(calls: Sequence[Call], mine: frozenset[str]) -> tuple[list[Midcall], list[Midcall]]:
    """Return who read a contract, and who was entered, while a contract that had called `mine` was
    waiting for the answer; each pair of contracts once, in the order of the calls.

    A read counts where a contract of others reads, within a call that may write: it can act on what
    it saw. What `mine` reads by itself, nobody relies on. An entry counts where `mine` calls.
    """
    reads: dict[tuple[str, str], Midcall] = {}
    entries: dict[tuple[str, str], Midcall] = {}
    path: list[_Open] = []
    for position, call in enumerate(calls):
        del path[call.depth :]
        above = path[-1] if path else _NONE
        to, sender, still = call.to, call.sender, call.kind == QUIET
        if above.waiting and to not in mine:
            if not still and sender in mine and to not in above.waiting:
                for each in above.waiting:
                    if len(entries) < _MOST:
                        entries.setdefault((each, to), Midcall(each, to, position))
            elif still and to in above.waiting and not (above.quiet or sender in mine):
                reads.setdefault((to, sender), Midcall(to, sender, position))
        waiting = above.waiting
        if call.depth > 0 and to in mine and sender not in mine:
            within = (each.contract for each in path[-_NEAREST:] if each.contract not in mine)
            waiting = tuple(dict.fromkeys((*waiting, *within)))[-_NEAREST:]
        path.append(_Open(to, waiting, above.quiet or still))
        if len(reads) >= _MOST:
            break
    return list(reads.values()), list(entries.values())


class _Open(NamedTuple):
    """A frame that is being executed."""

    contract: str
    waiting: tuple[str, ...]
    """The contracts that wait for the initiators' answer, the innermost last."""
    quiet: bool
    """Whether nothing can be written in it."""


_NONE = _Open("", (), quiet=False)

_NEAREST, _MOST = 16, 64
"""Contracts at work that are looked at; findings of one transaction, and contracts that are looked
at for kinship. A stranger decides how many there are."""


def kin(calls: Sequence[Call], besides: frozenset[str]) -> set[tuple[str, str]]:
    """Return pairs of contracts, both ways, that belong together as far as their calls show: one
    calls the other, or both call a third; tokens and whoever else is in `besides` relate nobody."""
    callees: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        if call.sender not in besides and call.to not in besides:
            callees[call.sender].add(call.to)
    found: set[tuple[str, str]] = set()
    for one, called in list(callees.items())[:_MOST]:
        found |= {(one, other) for other in called}
        found |= {(other, one) for other in called}
        found |= {
            (one, other) for other, theirs in list(callees.items())[:_MOST] if called & theirs
        }
    return found


def posing(back: Iterable[Call]) -> set[str]:
    """Return the functions by which contracts of others used one of the initiators' own (`back`) as
    if it were one of theirs: a token, a pool, an owner.

    What lenders, exchanges and tokens call by agreement (their callbacks and hooks) is none.
    """
    return {call.selector for call in back if call.selector and call.selector not in agreed()}


@cache
def agreed() -> frozenset[str]:
    """Return the selectors that a stranger's contract is called by as agreed: callbacks, hooks, and
    the questions what it supports (ERC-165) and whether it signed (ERC-1271)."""
    called = {number for number, names in purposes().items() if names & {"callback", "hook"}}
    return frozenset(f"0x{number:08x}" for number in called | {0x01FFC9A7, 0x1626BA7E})
