"""A decision as it is written down. Pure."""

import msgspec

from responders.actions import follow
from responders.decision import Decision
from responders.entries import Step


def written(step: Step, decision: Decision, *, armed: bool) -> tuple[Step, ...]:
    """Return the steps of a brake that was decided on: proposed, and refused or authorised; in
    dry-run it stays proposed, and is rehearsed."""
    if decision.allowed and not armed:
        return (step,)
    beside = decision.beside
    action = follow(
        step.action,
        "authorised" if decision.allowed else "refused",
        decision.reason,
        terms=decision.terms,
        heard=beside.heard,
        reach=beside.reach,
    )
    return step, msgspec.structs.replace(step, action=action)
