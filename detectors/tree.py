"""What the shape of a call tree says; pure functions over `Transaction.calls`."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

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


def reentries(calls: Sequence[Call]) -> list[Reentry]:
    """Return each contract that is entered while it stands further up on the same call path.

    Frames that cannot write are passed over; so is a contract that calls itself directly.
    """
    path: list[str] = []
    at_work: Counter[str] = Counter()
    found: dict[str, Reentry] = {}
    for position, call in enumerate(calls):
        for left in path[call.depth :]:
            at_work[left] -= 1
        del path[call.depth :]
        entered = call.to if call.kind not in QUIET and call.sender != call.to else ""
        times = at_work[entered] if entered else 0
        if times and times > (found[entered].times if entered in found else 0):
            found[entered] = Reentry(entered, times, position)
        path.append(entered)
        at_work[entered] += 1
    return list(found.values())


def most_repeated(calls: Sequence[Call]) -> tuple[tuple[str, str, str], int]:
    """Return the (caller, contract, selector) called most often by frames that may write, and how
    often."""
    counts = Counter(
        (call.sender, call.to, call.selector) for call in calls if call.kind not in QUIET
    )
    return counts.most_common(1)[0] if counts else (("", "", ""), 0)


def active_newborns(calls: Sequence[Call]) -> list[str]:
    """Return the contracts created in this transaction that called something in it."""
    born = {call.to for call in calls if call.kind == "create" and call.to}
    active = {call.sender for call in calls if call.kind not in QUIET}
    return sorted(born & active)


def depth(calls: Sequence[Call]) -> int:
    """Return how deep the tree goes; the outermost frame has depth 1."""
    return max((call.depth for call in calls), default=-1) + 1
