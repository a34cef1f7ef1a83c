"""Everything that a decision rests on, as numbers with units. Pure.

One `Inputs` holds all that policy, halt rule and guard look at; `decision.judge` sees nothing else.
It travels in the action as terms, so whoever reads the action decides again from it
(`responders.rederive`) and needs neither manifest nor chain.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

from schemas.actions import Heard, Term
from schemas.activities import Activity
from schemas.errors import PoisonRecordError
from schemas.reach import Reach

Scope = Literal["T1", "T2", "T3"]


def _number(unit: str = "", **default: Any) -> Any:
    return field(metadata={"unit": unit}, **default)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a decision rests on that is no single number, as actions have it."""

    heard: Heard | None = None
    """What neighbours had warned of."""
    reach: Reach | None = None
    """The part of the graph on which brakes were chosen."""
    linked: str | None = None
    """The alert on another transaction whose witnesses count."""


NOTHING = Beside()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The question whether one alert may pull one brake. Flags are 0 or 1; money is in the
    manifest's currency; what is None is not known, and is left out of the terms. An input that a
    later version adds gets a default that says what was so before, and old actions can be derived
    again."""

    scope: Scope
    also_stops: frozenset[str]
    """Of `schemas.activities`, and what a later version of it may name."""

    heard: Heard | None = None
    """What neighbours warned of; None where none did. Travels beside the terms, as it is."""

    reach: Reach | None = None
    """Where the loss gets, and the brakes on its way; None without a graph. Travels the same way.
    """

    linked: str | None = None
    """The alert on another transaction whose witnesses count; None where none does."""

    withdrawn: float = _number()
    """Whether the alert's block is known to have left the chain."""
    uncalled: float = _number()
    """Whether it is about a contract that nobody has called yet, and the brake is not for that."""
    pending: float = _number()
    detectors_agreeing: float = _number("detectors")
    """Different detectors that alerted."""
    families_agreeing: float = _number("families")
    """The most of them of which no two are made from the same (`responders.evidence`)."""
    families_needed: float = _number("families")
    rules_broken: float = _number("rules")
    """Deterministic invariants of the manifest that the transaction broke."""
    requested: float = _number(default=0.0)
    """Whether a bonded request from outside asks to halt what the brake halts."""
    elsewhere: float = _number(default=0.0)
    """Whether nothing that the brake guards had a part in what alerted."""
    volatility_only: float = _number()
    """Whether nothing alerted but the movement of a price."""
    narrower_brakes: float = _number("brakes")
    """Narrower brakes that halt all that loses and were not pulled yet."""
    on_graph: float = _number(default=0.0)
    """Whether the narrowest set of brakes was looked for on the protocol's graph
    (`responders.scope`); otherwise each brake is judged by itself."""
    renewal: float = _number(default=0.0)
    """Whether it is in place, would lapse soon, and a rule is broken (`responders.healing`)."""

    stated_prior: float = _number()
    posture_odds: float = _number()
    p_value: float = _number()
    """Of the alert; with a linked one, of the weaker of the two."""
    looked_among: float | None = _number("transactions", default=None)
    """How many transactions the linked alert was found among; None without one."""
    false_halt_cost: float = _number("money")
    halt_cost: float = _number("money")
    value_exposed: float = _number("money")
    loss_per_second: float = _number("money/s")
    decoy_prior: float = _number(default=0.0)
    """Probability that an alert was made to force a halt, where that pays."""
    griefing_gain: float = _number("money", default=0.0)
    """What a forced halt is worth to whoever wants one."""
    attacker_cost: float | None = _number("money", default=None)
    """What it took to make what alerted; None where nobody says."""
    response: float = _number("s")
    """Until people stop a drain."""
    braking: float = _number("s")
    """Until the brake holds."""
    bucket_capacity: float | None = _number("money", default=None)
    """What the buckets on chain let through at once; None where there are none."""
    bucket_refill: float | None = _number("money/s", default=None)

    blocks_behind: float = _number("blocks")
    alert_blocks: float = _number("blocks")
    """How far behind an alert may be and brake without a look at the head."""
    still_at_risk: float | None = _number("money", default=None)
    """What a simulation at the head shows to be at risk still; None where none was made."""
    brakes_left: float = _number("brakes")
    cooldown_left: float = _number("s")


_NUMBERS = tuple(item for item in fields(Inputs) if "unit" in item.metadata)


def terms_of(given: Inputs) -> tuple[Term, ...]:
    """Return the numbers as terms, in the order in which they are declared."""
    values = ((item, getattr(given, item.name)) for item in _NUMBERS)
    return tuple(
        Term(name=item.name, value=float(value), unit=item.metadata["unit"])
        for item, value in values
        if value is not None
    )


def inputs_of(
    scope: Scope, also_stops: Iterable[str], terms: Iterable[Term], beside: Beside = NOTHING
) -> Inputs:
    """Return what `terms_of` was given; terms that it does not know are passed over.

    Raises `PoisonRecordError` when one is missing, is there twice, or has another unit, and when
    the graph or the alert that it speaks of is not there.
    """
    named = [(term.name, term) for term in terms]
    found: Mapping[str, Term] = dict(named)
    if len(found) < len(named):
        raise PoisonRecordError("the action has a term twice")
    values: dict[str, Any] = {}
    for item in _NUMBERS:
        term = found.get(item.name)
        if term is None and item.default is MISSING:
            raise PoisonRecordError(f"the action lacks the term {item.name}")
        if term is not None and term.unit != item.metadata["unit"]:
            raise PoisonRecordError(f"the term {item.name} is in {term.unit!r}")
        values[item.name] = item.default if term is None else term.value
    if bool(values["on_graph"]) != (beside.reach is not None):
        raise PoisonRecordError("the action lacks the graph that its brake was chosen on")
    if (values["looked_among"] is None) != (beside.linked is None):
        raise PoisonRecordError("a linked alert and what it was found among go together")
    return Inputs(
        scope=scope,
        also_stops=frozenset(also_stops),
        heard=beside.heard,
        reach=beside.reach,
        linked=beside.linked,
        **values,
    )


def words(stopped: Iterable[Activity]) -> tuple[str, ...]:
    """Return activities as they travel, in a fixed order."""
    return tuple(sorted(activity.value for activity in stopped))
