"""Which brakes an alert may pull by itself. Pure.

T1 caps or halts one pair, T2 pauses one pool, T3 stops a whole protocol. Narrow brakes come first:
they do not underperform broad ones (arXiv 2602.12260) and cost less when the alert was false. T3 is
for people, whatever the evidence. A contract that nobody has called yet has done nothing: it pulls
only brakes whose manifest says so (ADR 16), and by one detector's word, as it gets no other.
"""

from dataclasses import dataclass

from schemas.alerts import Alert
from schemas.manifest import Brake, Manifest

DETECTORS_TO_AGREE = 2
"""Detectors that must alert on the same transaction, unless the brake's manifest asks for one.

With a false-alarm rate of 1 %, a miss rate of 10 % and 5 % common cause, one of three detectors is
wrong 2.87 % of the time, two of three 0.078 %."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A brake of the alert's protocol, and what forbids to pull it on this alert alone."""

    brake: Brake
    objection: str
    """Empty when nothing does."""


def candidates(
    alert: Alert, manifest: Manifest, *, withdrawn: bool = False
) -> tuple[Candidate, ...]:
    """Return every brake of the protocol, the narrowest first, in the manifest's order.

    `withdrawn` says that the alert's block is known to have left the chain.
    """
    ordered = sorted(manifest.brakes, key=lambda brake: brake.scope)
    return tuple(Candidate(brake, _objection(alert, brake, withdrawn)) for brake in ordered)


def agreeing(alert: Alert) -> int:
    """Return how many different detectors alerted; versions of one detector count once."""
    return len({vote.detector for vote in alert.votes if vote.alerted})


def _objection(alert: Alert, brake: Brake, withdrawn: bool) -> str:  # noqa: FBT001 - private
    if withdrawn:
        return "the alert was withdrawn: its block left the chain"
    if alert.subject == "deployment" and not brake.deployment_may_pause:
        return "a contract that nobody has called yet is for people to look at"
    if brake.scope == "T3":
        return "a brake of the whole protocol (T3) is for people to pull"
    needed = 1 if brake.one_detector_may_pause else DETECTORS_TO_AGREE
    if agreeing(alert) < needed:
        return f"too few detectors agree: this brake needs {needed}"
    return ""
