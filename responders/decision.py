"""May this alert pull this brake? Policy, halt rule, guard and scope, in that order. Pure."""

from dataclasses import dataclass

from msgspec.structs import replace

from responders import guard, halt, policy, scope
from responders.allowance import Bucket
from responders.evidence import alerting, families, only_volatility, requested, rules_broken
from responders.guard import GuardState, Request
from responders.inputs import NOTHING, Beside, Inputs, terms_of, words
from responders.linkage import Link
from schemas.actions import Heard, Term
from schemas.activities import EVERYTHING, Activity
from schemas.alerts import Alert
from schemas.manifest import Brake, Manifest
from schemas.reach import Reach
from schemas.units import account


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, why in words, and every number it rests on."""

    allowed: bool
    reason: str
    terms: tuple[Term, ...]
    also_stops: tuple[str, ...] = ()
    beside: Beside = NOTHING
    """What it rests on beside the terms."""
    renewal: bool = False
    """Whether it keeps in place what is in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known beside alert and manifest when a brake is decided on."""

    guard: GuardState
    head: int
    """The newest block known."""
    withdrawn: bool = False
    """Whether the alert is known to hold no longer."""
    narrower: int = 0
    """Narrower brakes at work (`policy.narrower`)."""
    lapses: bool = False
    """Whether the target lets go by itself, at a time fixed when the brake is set; else people
    release it."""
    lapsing: bool = False
    """Whether it is in place, in the second half of its time (`healing.due`)."""
    call: str = ""
    """The brake's calldata."""
    also_stops: frozenset[Activity] = EVERYTHING
    value_exposed: float | None = None
    """What the protocol holds now, in money; None where it was not seen lately."""
    bucket: Bucket | None = None
    """What the buckets on chain were seen to let through; None unless every asset has one."""
    link: Link | None = None
    """What speaks for the alert on another transaction."""
    fees_paid: float = 0.0
    """By the transaction that alerted, in money; nought where that is not known."""
    link_fees_paid: float = 0.0
    """By the other one."""
    still_at_risk: float | None = None
    """What a simulation at the head shows to be at risk still; None where none was made."""
    heard: Heard | None = None
    """What neighbours warn of now."""
    reach: Reach | None = None
    """Where the loss gets, and what may be halted on its way; None where there is no graph."""


def decide(alert: Alert, brake: Brake, manifest: Manifest, around: Surroundings) -> Decision:
    """Judge one brake of the manifest on one alert."""
    if manifest.halt is None:  # a manifest with brakes has costs; nothing is halted without them
        return Decision(allowed=False, reason="the manifest states no costs", terms=())
    return judge(gathered(alert, brake, manifest, around))


def judge(given: Inputs) -> Decision:
    """Decide. The first of policy, halt rule, guard and scope that objects gives the reason; the
    terms are all there, whoever objected, inputs first."""
    verdict = halt.judge(given)
    objections = (
        policy.objection(given),
        "" if verdict.halt else verdict.reason,
        guard.objection(given),
        scope.objection(given),
    )
    objection = next(filter(None, objections), "")
    return Decision(
        allowed=not objection,
        reason=objection or verdict.reason,
        terms=(*terms_of(given), *verdict.terms),
        also_stops=tuple(sorted(given.also_stops)),
        beside=Beside(given.heard, given.reach, given.linked),
        renewal=bool(given.renewal),
    )


def gathered(alert: Alert, brake: Brake, manifest: Manifest, around: Surroundings) -> Inputs:
    """Return the numbers that the decision rests on. The manifest has to state its costs."""
    costs = manifest.halt
    if costs is None:
        raise ValueError(f"{manifest.protocol} states no costs")
    request = Request(
        protocol=manifest.protocol,
        target=account(manifest.chain, brake.target),
        time=alert.timestamp,
        scope=brake.scope,
        own=around.call if brake.guards else None,
    )
    exposed = around.value_exposed
    loss, griefing, bucket = manifest.loss, manifest.griefing, around.bucket
    needed = policy.needed(brake, alert, lapses=around.lapses)
    link = around.link if families(alert) < needed else None
    seen = alert if link is None else link.seen_with(alert)
    # Whoever wants a halt pays for one of the two alone, where another's alert is there already.
    fees = around.fees_paid if link is None else min(around.fees_paid, around.link_fees_paid)
    return Inputs(
        scope=brake.scope,
        also_stops=frozenset(words(around.also_stops)),
        heard=around.heard,
        reach=None if around.reach is None else replace(around.reach, brake=brake.name),
        linked=None if link is None else link.alert.id,
        on_graph=around.reach is not None,
        withdrawn=around.withdrawn,
        uncalled=alert.subject == "deployment" and not brake.deployment_may_pause,
        pending=alert.phase == "pending",
        detectors_agreeing=len(alerting(seen)),
        families_agreeing=families(seen),
        families_needed=needed,
        rules_broken=rules_broken(alert),
        requested=manifest.halted_by(brake) in requested(alert)
        and (brake.scope != "T1" or around.lapses),
        elsewhere=not policy.concerns(alert, brake, manifest),
        volatility_only=only_volatility(alert),
        narrower_brakes=around.narrower,
        renewal=around.lapsing and brake.scope == "T1" and rules_broken(alert) > 0,
        stated_prior=costs.prior,
        posture_odds=alert.posture.odds if alert.posture is not None else 1.0,  # ADR 14
        p_value=seen.p_value,
        looked_among=None if link is None else link.among,
        false_halt_cost=float(manifest.false_cost_of(brake)),
        halt_cost=float(manifest.cost_of(brake)),
        value_exposed=float(costs.value_exposed) if exposed is None else exposed,
        loss_per_second=float(costs.loss_per_second),
        decoy_prior=griefing.prior if griefing else 0.0,
        griefing_gain=float(griefing.gain) if griefing else 0.0,
        attacker_cost=float(griefing.decoy_cost) + fees if griefing else None,
        response=costs.response_seconds,
        braking=loss.decide_seconds + loss.include_seconds if loss is not None else 0.0,
        bucket_capacity=None if bucket is None else float(bucket.capacity),
        bucket_refill=None if bucket is None else float(bucket.refill),
        blocks_behind=max(0, around.head - alert.block),
        alert_blocks=manifest.limits.alert_blocks,
        still_at_risk=around.still_at_risk,
        brakes_left=guard.brakes_left(around.guard, request, manifest.limits),
        cooldown_left=guard.cooldown_left(around.guard, request, manifest.limits),
    )
