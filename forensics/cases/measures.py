"""What was done: each brake with its steps, and how long it took from the attack to the brake."""

from forensics.cases.analysis import Brake
from forensics.cases.dossier import Dossier
from schemas.actions import Action
from schemas.headers import HOPS

HELD = ("included", "final", "satisfied")
"""States in which a brake is on the chain."""

DECIDED = ("refused", "rehearsed", "authorised")
"""States in which a brake is decided on, or not to be pulled."""


def brakes(dossier: Dossier) -> tuple[Brake, ...]:
    """Return each brake with its steps, in the order in which they were begun. Its reason is the
    one that it was last decided with."""
    found: dict[str, Brake] = {}
    for action in sorted(dossier.actions, key=lambda action: action.step):
        before = found.get(action.action)
        decides = before is None or action.state in DECIDED
        found[action.action] = Brake(
            action=action.action,
            adapter=action.adapter,
            target=action.target,
            scope=action.scope,
            state=action.state,
            reason=action.reason if before is None or decides else before.reason,
            stops=action.also_stops or (before.stops if before else ()),
            tx=action.tx or (before.tx if before else ""),
            block=action.block if action.tx else (before.block if before else None),
            steps=(*(before.steps if before else ()), (action.state, action.block)),
        )
    return tuple(sorted(found.values(), key=lambda one: (one.block or 0, one.action)))


def passed(dossier: Dossier) -> dict[str, int]:
    """Return when the brake that held first, and the alert that it answered, passed each hop, in
    microseconds since 1970; of a brake that did not hold, when it was decided. Empty where the
    records say no times."""
    steps = sorted(dossier.actions, key=_progress)
    if not steps:
        return {}
    last = steps[0]
    told = dict(dossier.times.get(last.alert, {}))
    for action in dossier.actions:
        if action.action == last.action and action.alert == last.alert:
            for hop, at in dossier.times.get(action.id, {}).items():
                told[hop] = min(told.get(hop, at), at)
    return {hop: told[hop] // 1000 for hop in HOPS if hop in told}


def _progress(action: Action) -> tuple[bool, int, str, int]:
    """Order steps so that those of the brake that held first come first, its last step before the
    others."""
    return action.state not in HELD, action.block or 2**53, action.action, -action.step
