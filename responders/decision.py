"""May this alert pull this brake? Policy, halt rule and guard, in that order. Pure."""

from dataclasses import dataclass

from responders import guard, halt
from responders.guard import GuardState, Request
from responders.policy import Candidate, agreeing
from schemas.actions import Term
from schemas.alerts import Alert
from schemas.manifest import Manifest
from schemas.units import account


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, why in words, and every number it rests on."""

    allowed: bool
    reason: str
    terms: tuple[Term, ...]


def decide(
    alert: Alert, candidate: Candidate, manifest: Manifest, state: GuardState, head: int
) -> Decision:
    """Judge one brake of the manifest; the first of the three that objects gives the reason.

    `head` is the newest block known. The terms of all three are there, whoever objected.
    """
    costs = manifest.halt
    if costs is None:  # a manifest with brakes has costs; nothing is halted without them
        return Decision(allowed=False, reason="the manifest states no costs", terms=())
    prior = halt.raised(costs.prior, _odds(alert))
    verdict = halt.judge(halt.posterior(prior, alert.p_value), costs)
    request = Request(
        protocol=manifest.protocol,
        target=account(manifest.chain, candidate.brake.target),
        time=alert.timestamp,
        block=alert.block,
        head=head,
    )
    ruling = guard.judge(state, request, manifest.limits)
    objections = (
        candidate.objection,
        "" if verdict.halt else verdict.reason,
        "" if ruling.allowed else ruling.reason,
    )
    objection = next(filter(None, objections), "")
    return Decision(
        allowed=not objection,
        reason=objection or verdict.reason,
        terms=(*_evidence(alert, prior), *verdict.terms, *ruling.terms),
    )


def _evidence(alert: Alert, prior: float) -> tuple[Term, ...]:
    return (
        Term(name="detectors_agreeing", value=float(agreeing(alert)), unit="detectors"),
        Term(name="pending", value=float(alert.phase == "pending")),
        Term(name="posture_odds", value=_odds(alert)),
        Term(name="prior", value=prior),
        Term(name="p_value", value=alert.p_value),
        Term(name="bayes_factor", value=halt.bayes_factor(alert.p_value)),
    )


def _odds(alert: Alert) -> float:
    """Return how much likelier an attack by the sender is for how it prepared (ADR 14)."""
    return alert.posture.odds if alert.posture is not None else 1.0
