"""Which brakes an alert may pull by itself: the ladder. Pure.

T1 caps or halts one pair: one broken invariant is enough, because it is no statistic, where the
target lets go by itself; and so is a bonded request from outside to halt just that, because it
costs whoever was wrong. What only people release takes the witnesses of T2. T2 pauses one pool: two
detectors have to agree that are made from different things, from the amounts that moved and the
nesting of calls, say; a request counts for nothing there. T3 stops a whole protocol and is for
people, whatever the evidence. Narrow brakes come first: they do not underperform broad ones (arXiv
2602.12260) and cost less when the alert was false. A contract that nobody has called yet has done
nothing: it pulls only brakes whose manifest says so (ADR 23).
"""

from collections.abc import Container

import msgspec

from responders.evidence import requested, rules_broken
from responders.inputs import Inputs
from schemas.activities import SAFEGUARDS
from schemas.alerts import Alert
from schemas.manifest import Brake, Manifest

FAMILIES_TO_AGREE = 2
"""Witnesses of a T2 brake, unless its manifest asks for one, and of a T1 that only people release.

With a false-alarm rate of 1 %, a miss rate of 10 % and 5 % common cause, one of three is wrong
2.87 % of the time, two of three 0.077 %, and they miss 3.0 % instead of 0.6 % (`responders.quorum`,
held by a test)."""


def as_of_the_head(alert: Alert) -> Alert:
    """Return an alert on a waiting transaction as one on the block that it was simulated on: the
    block that it names is yet to come, and no node can say anything of that."""
    if alert.phase == "head":
        return alert
    return msgspec.structs.replace(alert, block=max(0, alert.block - 1))


def ladder(manifest: Manifest) -> tuple[Brake, ...]:
    """Return the protocol's brakes, the narrowest first, of those the cheapest, then in the
    manifest's order."""
    return tuple(sorted(manifest.brakes, key=lambda b: (b.scope, manifest.cost_of(b))))


def narrower(brake: Brake, alert: Alert, manifest: Manifest, at_work: Container[str]) -> int:
    """Return how many narrower brakes halt all that loses and are at work: pulled, by name, but so
    lately that this alert cannot tell whether they are enough. None where the alert does not say
    what loses; unless halts may be forced (`[griefing]`): then it is what the brake halts."""
    losing = set(alert.losing)
    if manifest.griefing is not None and not losing:
        losing = {manifest.halted_by(brake)}
    return sum(
        other.scope < brake.scope
        and other.name in at_work
        and losing == {manifest.halted_by(other)}
        for other in manifest.brakes
    )


def concerns(alert: Alert, brake: Brake, manifest: Manifest) -> bool:
    """Say whether what alerted may be about what a brake guards: one of its contracts had a part in
    it, or a request names what the brake halts; or nobody can say, of the brake or of the alert."""
    if not brake.guards or not alert.involved:
        return True
    named = manifest.halted_by(brake) in requested(alert)
    return named or not set(brake.guards).isdisjoint(alert.involved)


def guarded(alert: Alert, manifest: Manifest) -> frozenset[str]:
    """Return the brakes that say what they guard, by name, for which it may be about that."""
    brakes = (brake for brake in manifest.brakes if brake.guards)
    return frozenset(brake.name for brake in brakes if concerns(alert, brake, manifest))


def needed(brake: Brake, alert: Alert, *, lapses: bool) -> int:
    """Return how many witnesses a brake needs; `lapses` says that its target lets go by itself.

    A narrow brake that people alone release needs the witnesses of a T2, whatever its manifest says
    (ADR 46): who wants it on one calls it what it is, a T2.
    """
    if brake.scope == "T1" and not lapses:
        return FAMILIES_TO_AGREE
    broken = brake.scope == "T1" and rules_broken(alert) > 0
    return 1 if brake.one_detector_may_pause or broken else FAMILIES_TO_AGREE


def objection(given: Inputs) -> str:
    """Return why these inputs do not allow the brake, '' when they do."""
    asked = (_people_only, _too_few, _elsewhere, _too_much)
    return next(filter(None, (objects(given) for objects in asked)), "")


def _people_only(given: Inputs) -> str:
    if given.withdrawn:
        return "the alert was withdrawn: its block left the chain"
    if given.uncalled:
        return "a contract that nobody has called yet is for people to look at"
    if given.scope == "T3":
        return "a brake of the whole protocol (T3) is for people to pull"
    return ""


def _too_few(given: Inputs) -> str:
    if given.requested and given.scope == "T1":
        return ""
    if given.requested and not given.families_agreeing:
        return "a bonded request from outside pulls nothing above T1 by itself"
    needed = f"{given.families_needed:.0f}"
    if given.families_agreeing < given.families_needed:
        return f"too few detectors agree: this brake needs {needed} made from different things"
    return ""


def _elsewhere(given: Inputs) -> str:
    return "nothing that this brake guards had a part in what alerted" if given.elsewhere else ""


def _too_much(given: Inputs) -> str:
    kept = given.also_stops & SAFEGUARDS
    if given.volatility_only and kept:
        return f"a price that moves, and nothing else, never stops {', '.join(sorted(kept))}"
    if given.narrower_brakes:
        return "a narrower brake stops all that loses; it comes first"
    return ""
