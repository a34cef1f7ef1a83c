"""What the shape of a call tree says; pure functions over `Transaction.calls`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from detectors.last import answered_once
from schemas.chain import Call

QUIET = ("staticcall",)
"""Kinds that cannot change anything: reading a contract again is no re-entry."""


class Reentry(NamedTuple):
    """A contract that was entered again while it was still at work."""

    contract: str
    times: int
    """How often it stands on one path, beyond the first."""
    call: int
    """Position of the deepest re-entering frame in `Transaction.calls`."""


@answered_once
def reentries(calls: Sequence[Call]) -> Sequence[Reentry]:
    """Return each contract that is entered while it stands further up on the same call path.

    Frames that cannot write are passed over; so is a contract that calls itself directly.
    """
    path: list[str] = []
    at_work: dict[str, int] = {}
    found: dict[str, Reentry] = {}
    for position, call in enumerate(calls):
        depth, to = call.depth, call.to
        if depth < len(path):
            for left in path[depth:]:
                at_work[left] -= 1
            del path[depth:]
        entered = to if call.kind not in QUIET and call.sender != to else ""
        before = at_work.get(entered, 0)
        if before and entered and before > (found[to].times if to in found else 0):
            found[to] = Reentry(to, before, position)
        path.append(entered)
        at_work[entered] = before + 1
    return list(found.values())


@answered_once
def repeats(calls: Sequence[Call]) -> Mapping[tuple[str, str, str], int]:
    """Return how often each (caller, contract, selector) was called by frames that may write."""
    counts: dict[tuple[str, str, str], int] = {}
    for call in calls:
        if call.kind not in QUIET:
            key = call.sender, call.to, call.selector
            counts[key] = counts.get(key, 0) + 1
    return counts


def born(calls: Sequence[Call]) -> set[str]:
    """Return the contracts that these frames created."""
    return {call.to for call in calls if call.kind == "create"}


def most_repeated(calls: Sequence[Call]) -> tuple[tuple[str, str, str], int]:
    """Return what `repeats` counted most often, and how often."""
    counts = repeats(calls)
    if not counts:
        return ("", "", ""), 0
    most = max(counts, key=counts.__getitem__)
    return most, counts[most]


def active_newborns(calls: Sequence[Call]) -> list[str]:
    """Return the contracts created in this transaction that called something in it."""
    new = born(calls) - {""}
    if not new:
        return []
    return sorted(new & {call.sender for call in calls if call.kind not in QUIET})


def depth(calls: Sequence[Call]) -> int:
    """Return how deep the tree goes; the outermost frame has depth 1."""
    return max([call.depth for call in calls], default=-1) + 1
