"""Decide again what an action says was decided, from the action alone. Pure.

Nothing is asked of a chain, a manifest or a topic: the action's own terms are what the decision
rested on. What comes out is compared with what the action says, number by number.
"""

from dataclasses import dataclass
from math import isclose

from responders import tightening
from responders.decision import judge
from responders.inputs import Beside, inputs_of, terms_of
from schemas.actions import Action
from schemas.errors import PoisonRecordError

_DECIDED = {"authorised": True, "rehearsed": True, "refused": False}
"""What was decided, by the state of the step that says so."""

_ROUNDING = 1e-9
"""Relative; another language may add in another order."""


@dataclass(frozen=True, slots=True)
class Rederived:
    """What came out, and every difference from what the action says; none when it is right."""

    allowed: bool
    reason: str
    differences: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether the action says what its own numbers lead to."""
        return not self.differences


def decided(action: Action) -> bool:
    """Say whether a step says what was decided; a brake that ended for another reason does not."""
    return action.state in _DECIDED and bool(action.terms)


def rederive(action: Action) -> Rederived:
    """Decide again.

    Raises `PoisonRecordError` for an action that is no decision, or lacks a number.
    """
    if not decided(action):
        raise PoisonRecordError(
            f"a step {action.state} with {len(action.terms)} terms decides nothing"
        )
    terms = (*action.terms, *action.further)
    beside = Beside(action.heard, action.reach, action.linked)
    if action.on_loss:
        excess = tightening.excess_of(terms)
        inputs, decision = tightening.terms_of(excess), tightening.judge(excess, action.scope)
    else:
        given = inputs_of(action.scope, action.also_stops, terms, beside)
        inputs, decision = terms_of(given), judge(given)
    said, differences = {term.name: term for term in terms}, []
    if decision.allowed != _DECIDED[action.state]:
        differences.append(f"{action.state}, but the numbers say: {decision.reason}")
    for term in decision.terms[len(inputs) :]:  # behind the inputs, what was computed
        told = said.get(term.name)
        if told is None or told.unit != term.unit:
            differences.append(f"{term.name}: not said in {term.unit or 'numbers'}")
        elif not isclose(told.value, term.value, rel_tol=_ROUNDING, abs_tol=1e-300):
            differences.append(f"{term.name}: says {told.value!r}, is {term.value!r}")
    return Rederived(decision.allowed, decision.reason, tuple(differences))
