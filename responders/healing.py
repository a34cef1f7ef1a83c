"""Narrow brakes lapse by themselves, and are kept in place while a rule is broken. Pure.

A T1 brake whose target lets go after a time that was fixed as it was set needs nobody to release
it: while the protocol's invariants are green, nothing is done and it lapses. An alert on a broken
invariant that comes in the second half of its time sets it anew, so that it does not lapse while
they are red. A renewal is bounded by that: one in each half of the brake's time. It is none of the
budget's brakes, which would be spent on one incident, and so on renewals alone; a statistic renews
nothing.
"""

from schemas.actions import Action
from schemas.units import Seconds

TERM = "renewal"
"""The name of the input (`responders.inputs`) that tells a renewal."""


def due(set_at: Seconds, lapses_after: int | None, now: Seconds) -> bool:
    """Say whether a brake that was asked for at `set_at` is in the second half of its time, or
    beyond it. Never for one that does not lapse."""
    return lapses_after is not None and 2 * (now - set_at) >= lapses_after


def renews(action: Action) -> bool:
    """Say whether a step that was decided on keeps in place what is in place."""
    return any(term.name == TERM and term.value for term in action.terms)
