"""What a way of braking would have been worth over recorded incidents. Pure and seeded.

An incident tells what was lost and, for a few, after how many minutes it was contained; never how
the loss grew. So the growth is assumed, and every assumption has a name (`Assumptions`) that a
sensitivity table turns: a share of the attacks is over in one transaction, where no answer helps;
of the others the first transaction takes a share at once and the rest flows evenly over a part of
the recorded minutes. Containment tau minutes after the first transaction averts

    loss * (1 - atomic) * (1 - first) * recall * max(0, 1 - tau / (drain * minutes)).

An incident without minutes of its own, or with imputed ones, takes the mean over all recorded ones
(hot-deck imputation); so the bootstrap draws the minutes anew as well as the incidents (Efron,
"Missing Data, Imputation, and the Bootstrap", JASA 89, 1994). Recorded losses have so heavy a tail
(index about 1.3) that their mean has no finite variance: intervals are what this sample gives, and
too narrow for the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOURS_PER_YEAR = 8_766.0
SAMPLES = 2_000
"""Bootstrap samples."""

INTERVAL = (5.0, 95.0)
"""Percentiles: two-sided 90%, as everywhere in Firebreak."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Incident:
    """One recorded incident."""

    loss: float
    """US dollars, not negative."""
    on_chain: bool
    """Whether a protocol's own brake could matter at all; says the record."""
    minutes: float | None
    """From the first theft to containment; None where nobody recorded it, or the record holds a
    number that stands for a missing one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What the records do not say. Shares are from 0 to 1, times in minutes, money in dollars.

    Where each default comes from, and how far it may be wrong, is in `cli.netbenefit_table`.
    """

    atomic_share: float = 0.44
    first_share: float = 0.25
    drain_share: float = 0.5
    recall: float = 0.67
    brake_minutes: float = 0.4
    false_halts_per_year: float = 2.2
    years_per_incident: float = 25.0
    value_paused: float = 20e6
    yield_per_year: float = 0.05
    halt_hours: float = 12.0
    work_per_halt: float = 5_000.0

    @property
    def idle_cost(self) -> float:
        """What a year of standing still costs a protocol."""
        return self.value_paused * self.yield_per_year

    @property
    def halt_cost(self) -> float:
        """What one halt costs, right or wrong."""
        return self.idle_cost * self.halt_hours / HOURS_PER_YEAR + self.work_per_halt


@dataclass(frozen=True, slots=True)
class Answer:
    """A way of answering: how soon and how surely, and what it costs beside a right halt."""

    name: str
    minutes: float | None
    """None if it never contains anything."""
    recall: float
    first_too: bool
    """Whether it stands before the first transaction."""
    standing_cost: float
    """Dollars per protocol and year, attack or not."""
    behind: float | None = None
    """Minutes after which a person contains what this answer missed."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and its 90% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Worth:
    """What an answer averts, costs and leaves over, in dollars."""

    answer: str
    averted: Figure
    cost: float
    net: Figure
    above: Figure
    """Net beyond that of `YARDSTICK`, drawn in pairs, because both see the same losses."""


YARDSTICK = "a person after 120 minutes"


def answers(assumed: Assumptions) -> tuple[Answer, ...]:
    """Return what is compared: ours, two people, and the two ends that need no detector."""
    false = assumed.false_halts_per_year * assumed.halt_cost
    idle = assumed.idle_cost
    return (
        Answer("Firebreak", assumed.brake_minutes, assumed.recall, False, false),  # noqa: FBT003 - a table
        Answer(
            "Firebreak, and a person after 120 minutes for what it missed",
            assumed.brake_minutes,
            assumed.recall,
            False,  # noqa: FBT003
            false,
            behind=120.0,
        ),
        Answer("a person after 30 minutes", 30.0, 1.0, False, 0.0),  # noqa: FBT003
        Answer(YARDSTICK, 120.0, 1.0, False, 0.0),  # noqa: FBT003
        Answer("always paused", 0.0, 1.0, True, idle),  # noqa: FBT003
        Answer("never paused", None, 0.0, False, 0.0),  # noqa: FBT003
    )


def saved_share(minutes: Floats, answer: Answer, assumed: Assumptions) -> Floats:
    """Return, for each duration until the recorded containment, the share of a loss that an answer
    averts; from 0 to 1, and never more for a later answer."""
    if answer.minutes is None:
        return np.zeros_like(minutes)
    if answer.first_too:
        return np.ones_like(minutes)
    rest = (1.0 - assumed.atomic_share) * (1.0 - assumed.first_share)
    flow = assumed.drain_share * minutes
    found = answer.recall * _in_time(flow, answer.minutes)
    if answer.behind is not None:
        found = found + (1.0 - answer.recall) * _in_time(flow, answer.behind)
    return rest * found


def _in_time(flow: Floats, minutes: float) -> Floats:
    """Return the share of an even flow that is still to come after so many minutes."""
    left = np.clip(flow - minutes, 0.0, None)
    return np.divide(left, flow, out=np.zeros_like(flow), where=flow > 0)


def worth(
    incidents: Sequence[Incident], assumed: Assumptions, seed: int = 0, samples: int = SAMPLES
) -> tuple[Worth, ...]:
    """Return what each answer would have been worth, in the order of `answers`.

    Raises `ValueError` if no incident has recorded minutes: there is nothing to impute from.
    """
    recorded = np.array([i.minutes for i in incidents if i.minutes is not None])
    if not len(recorded):
        raise ValueError("no incident has recorded minutes until containment")
    losses = np.array([i.loss if i.on_chain else 0.0 for i in incidents])
    own = np.array([np.nan if i.minutes is None else i.minutes for i in incidents])
    random = np.random.default_rng(seed)
    rows = random.integers(len(incidents), size=(samples, len(incidents)))
    donors = random.integers(len(recorded), size=(samples, len(recorded)))
    halts = sum(i.on_chain for i in incidents)
    years = assumed.years_per_incident * len(incidents)
    found: list[tuple[str, float, Floats, float]] = []
    known = np.isfinite(own)
    open_losses = np.where(known, 0.0, losses)
    for answer in answers(assumed):
        pool = saved_share(recorded, answer, assumed)
        certain = np.where(known, losses * saved_share(np.nan_to_num(own), answer, assumed), 0.0)
        averted = float(certain.sum() + open_losses.sum() * pool.mean())
        drawn = certain[rows].sum(axis=1) + open_losses[rows].sum(axis=1) * pool[donors].mean(1)
        halted = halts * (1.0 if answer.behind is not None else answer.recall)
        cost = answer.standing_cost * years
        if answer.minutes is not None and not answer.first_too:
            cost += halted * assumed.halt_cost
        found.append((answer.name, averted, drawn, cost))
    base, base_drawn = next(
        (averted - cost, drawn - cost) for name, averted, drawn, cost in found if name == YARDSTICK
    )
    return tuple(
        Worth(
            name,
            averted=_figure(averted, drawn),
            cost=cost,
            net=_figure(averted - cost, drawn - cost),
            above=_figure(averted - cost - base, drawn - cost - base_drawn),
        )
        for name, averted, drawn, cost in found
    )


def break_even_years(ours: Worth, assumed: Assumptions, incidents: int) -> float:
    """Return up to how many protocol-years per incident the averted loss pays for false halts."""
    yearly = assumed.false_halts_per_year * assumed.halt_cost * incidents
    return ours.averted.value / yearly if yearly else float("inf")


def _figure(value: float, drawn: Floats) -> Figure:
    low, high = np.percentile(drawn, INTERVAL)
    return Figure(value, float(low), float(high))
