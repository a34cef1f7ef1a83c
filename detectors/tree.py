"""What the shape of a call tree says; pure functions over `Transaction.calls`."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from msgspec import Struct

from detectors.last import answered_once
from schemas.chain import Call

QUIET = "staticcall"
"""The kind that cannot change anything: reading a contract again is no re-entry."""


class Reentry(NamedTuple):
    """A contract that was entered again while it was still at work."""

    contract: str
    times: int
    """How often it stands on one path, beyond the first."""
    call: int
    """Position of the deepest re-entering frame in `Transaction.calls`."""


class Shape(Struct, frozen=True, gc=False):
    """What one walk over a call tree shows; not to be changed."""

    depth: int
    """How deep it goes; the outermost frame has depth 1."""
    born: AbstractSet[str]
    """The contracts that its frames created."""
    repeats: Mapping[tuple[str, str, str], int]
    """How often each (caller, contract, selector) was called by frames that may write."""
    reentries: Sequence[Reentry]
    """Each contract that is entered while it stands further up on the same call path. Frames that
    cannot write are passed over; so is a contract that calls itself directly."""


@answered_once
def shape(calls: Sequence[Call]) -> Shape:
    """Return what the frames of a transaction look like together."""
    deepest = calls[0].depth if calls else -1
    born: set[str] = set()
    repeats: dict[tuple[str, str, str], int] = {}
    found: dict[str, Reentry] = {}
    path: list[str] = []
    at_work: dict[str, int] = {}
    entered = ""
    for position, call in enumerate(calls):
        depth, kind = call.depth, call.kind
        if depth > len(path) and position:  # in the frame before, whose contract is now at work
            path.append(entered)
            at_work[entered] = at_work.get(entered, 0) + 1
            if depth > deepest:  # noqa: PLR1730 - a call of max() costs more than the rest
                deepest = depth
        else:
            while len(path) > depth:
                at_work[path.pop()] -= 1
        entered = ""
        if kind == QUIET:
            continue
        sender, to = call.sender, call.to
        key = sender, to, call.selector
        repeats[key] = repeats.get(key, 0) + 1
        if kind == "create":
            born.add(to)
        if to and sender != to:
            entered = to
            times = at_work.get(to)
            if times and (to not in found or times > found[to].times):
                found[to] = Reentry(to, times, position)
    return Shape(deepest + 1, born, repeats, list(found.values()))


def most_repeated(calls: Sequence[Call]) -> tuple[tuple[str, str, str], int]:
    """Return which (caller, contract, selector) was called most often, and how often."""
    counts = shape(calls).repeats
    if not counts:
        return ("", "", ""), 0
    most = max(counts, key=counts.__getitem__)
    return most, counts[most]


def active_newborns(calls: Sequence[Call]) -> list[str]:
    """Return the contracts created in this transaction that called something in it."""
    born = shape(calls).born
    if not born:
        return []
    return sorted((born - {""}) & {call.sender for call in calls if call.kind != QUIET})
