"""Is a bucket to be tightened because of what there is to lose, with no alert? Pure.

Where `worst > allowable` (`responders.allowance`) no speed of ours is enough, and where the bucket
lets more than that through until people come, nothing on chain bounds it either. Then the bucket is
tightened by the protocol's own narrow brake (T1, `outflow`), which lapses by itself, and people are
told to set its limits for good.

**Once.** A breach begins when that is so and ends when it was seen not to be. In one breach a
bucket is tightened once; people have the brake's time to act, and nothing renews it. Two that were
begun are at least `limits.window_seconds` apart, whatever was seen between them. So it is for who
knows of the last one: a replica that takes over reads back as far as `responders.succession` says,
and tightens once more in a breach that is older. They do not count against the budget of brakes on
alerts, nor for their cooldown: whoever moves what is held could use up what is kept for an attack.
Where that budget is spent, none is begun.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from responders.decision import Decision
from responders.guard import SPENT
from responders.inputs import Scope
from responders.ledger import Course
from schemas.actions import Term
from schemas.errors import PoisonRecordError
from schemas.ids import content_id
from schemas.units import Seconds

_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "worst_loss": "money",
        "allowable_loss": "money",
        "bucket_capacity": "money",
        "bucket_refill": "money/s",
        "response": "s",
        "brakes_left": "brakes",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """One asset against its bound, as its bucket's owner set it."""

    worst_loss: float
    """The most that an incident costs until a brake holds."""
    allowable_loss: float
    bucket_capacity: float
    bucket_refill: float
    response: float
    """Until people come."""
    brakes_left: float
    """Narrow ones, on alerts."""


def name(chain: str, target: str, calldata: str, time: Seconds) -> str:
    """Name what a bucket is tightened on, as found in the block of this time."""
    return content_id("loss-beyond-allowable", chain, target, calldata, time)


def terms_of(given: Excess) -> tuple[Term, ...]:
    """Return the numbers as terms."""
    return tuple(
        Term(name=name, value=value, unit=_UNITS[name]) for name, value in asdict(given).items()
    )


def excess_of(terms: Iterable[Term]) -> Excess:
    """Return what `terms_of` was given. Raises `PoisonRecordError` when one is missing, or has
    another unit."""
    found = {term.name: term for term in terms}
    for one, unit in _UNITS.items():
        if one not in found or found[one].unit != unit:
            raise PoisonRecordError(f"the action lacks the term {one} in {unit}")
    return Excess(**{one: found[one].value for one in _UNITS})


def judge(given: Excess, scope: Scope) -> Decision:
    """Decide. The terms are all there, inputs first."""
    through = given.bucket_capacity + given.bucket_refill * given.response
    objections = (
        "" if scope == "T1" else "only a narrow brake (T1) is pulled on no alert",
        ""
        if given.worst_loss > given.allowable_loss
        else "a brake is fast enough for what there is",
        "" if through > given.allowable_loss else "the bucket lets no more through than is allowed",
        "" if given.brakes_left > 0 else SPENT,
    )
    objection = next(filter(None, objections), "")
    return Decision(
        allowed=not objection,
        reason=objection or "an incident may cost more than is allowed, and the bucket lets it",
        terms=(*terms_of(given), Term(name="let_through", value=through, unit="money")),
    )


def due(last: Course | None, now: Seconds, window: Seconds, *, ended: bool, armed: bool) -> bool:
    """Say whether it is time to decide.

    `last` is the bucket's latest tightening on no alert; `ended` whether no breach was seen since.
    One that was refused, or failed, is decided on again after a window.
    """
    if last is None or resumed(last, armed=armed):
        return True
    if last.open or now - last.step.time < window:
        return False
    return ended or last.state in ("refused", "failed")


def resumed(last: Course, *, armed: bool) -> bool:
    """Say whether a tightening goes on at once, under its name: brakes are sent by now, and it was
    only rehearsed; or it was allowed and then given up, as what a replica left that is gone. What
    that one sent may still be mined, so a gate has to know it again."""
    if last.state == "rehearsed":
        return armed
    return last.state == "refused" and not last.action.terms  # only a decision has terms
