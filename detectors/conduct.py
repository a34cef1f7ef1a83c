"""What the initiators' own contracts did in a transaction, and what others did with them; pure.

These are counts of a shipped model (`detectors.likeness`), taken in one walk over the calls.
"""

from collections.abc import Container, Iterable

from msgspec import Struct

from detectors.initialisers import INITIALISERS
from detectors.midcall import posing
from detectors.tree import QUIET
from schemas.chain import Call

APPROVE = "0x095ea7b3"
"""`approve(address,uint256)` of ERC-20."""


class Conduct(Struct, frozen=True, gc=False):
    """Counts, as the floats that features are."""

    callbacks: float
    """Calls of their functions by contracts of others, reads left out."""
    posing: float
    """Functions by which others used them as if they were their own (`midcall.posing`)."""
    approvals: float
    """Allowances that they gave."""
    pressed: float
    """How often their contracts made the call that they made most often."""
    set_up: float
    """Calls by anybody that set up a contract that was there before. Whoever makes a contract most
    often sets it up at once."""


def conduct(calls: Iterable[Call], mine: Container[str], born: Container[str]) -> Conduct:
    """Return how the contracts in `mine` behaved, in a transaction in which some were `born`."""
    back: list[Call] = []
    approvals = set_up = 0.0
    times: dict[tuple[str, str], int] = {}
    for call in calls:
        kind, selector = call.kind, call.selector
        if call.sender in mine:
            if selector == APPROVE:
                approvals += 1.0
            if kind != QUIET and call.depth:
                called = call.to, selector
                times[called] = times.get(called, 0) + 1
        elif call.to in mine and call.depth > 0:
            back.append(call)
        if kind == "call" and selector in INITIALISERS:
            set_up += call.to not in born and call.sender not in born
    callbacks = posed = 0.0
    if back:
        callbacks = float(len([call for call in back if call.kind != QUIET and call.selector]))
        posed = float(len(posing(back)))
    pressed = float(max(times.values())) if times else 0.0
    return Conduct(callbacks, posed, approvals, pressed, set_up)
