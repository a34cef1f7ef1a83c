"""How good the probabilities are, on what was recorded. Pure and seeded.

**Evidence.** A protocol's history is cut into days. At the end of each, the probability that the
day holds the incident is forecast from the alerts of the last days, with base rate and `a` of all
other protocols (leave one protocol out), and scored against their base rate alone: Brier score
(Brier, 1950), logarithmic score (Good, 1952), skill = 1 - score / score of the base rate. The
interval comes from drawing whole protocols anew: days of one are not independent.

What is known of recorded histories: they end with their incident, so their base rate is far above
the trade's, and it is the weight of evidence that is judged, not the shipped base rate.

**Base rate.** Each quarter's number of incidents is forecast from those of the years before
(Gamma-Poisson, exposure taken as constant, so that it cancels): how often it lies within the
interval that should hold 90 % of the time.

**Severity.** Fitted to the losses before a day, held against those after it: how many exceed what a
half, a tenth, ... of them should exceed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import expm1, log, log1p
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv
from scipy.stats import binom, nbinom

from runtime.tails import fit
from schemas.risk import Evidence, Source
from underwriting.likelihood import DAY, END, WINDOW, Alternative, raised
from underwriting.severity import Severity, fitted

SAMPLES = 2_000
"""Bootstrap samples."""

_LEAST = 1e-4
"""Below it and above 1 minus it no forecast is scored: a logarithm must stay finite."""

BLOCK_SECONDS = 13
"""Of Ethereum when the histories were recorded (2020 to 2022)."""


class Seen(NamedTuple):
    """One transaction of a protocol's history, as the detectors saw it."""

    case: str
    block: int
    p_value: float
    alerted: bool
    incident: bool


class Day(NamedTuple):
    """A day of a protocol: its alerts as (age in seconds at its end, p-value), how many
    transactions there were to alert, and whether it held the incident."""

    case: str
    alerts: tuple[tuple[int, float], ...]
    chances: int
    incident: bool


class Score(NamedTuple):
    """A score of the forecasts, of the base rate alone, and the skill with its 90 % interval."""

    forecast: float
    base: float
    skill: float
    low: float
    high: float


def days(seen: Iterable[Seen]) -> list[Day]:
    """Cut each protocol's history into days, from its first block to its last."""
    cases: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        cases[one.case].append(one)
    found = []
    length = DAY // BLOCK_SECONDS
    for case, rows in cases.items():
        first, last = rows[0].block, rows[-1].block
        for end in range(first + length, last + length, length):
            within = [r for r in rows if end - WINDOW // BLOCK_SECONDS <= r.block < end]
            alerts = tuple(
                ((end - row.block) * BLOCK_SECONDS, row.p_value) for row in within if row.alerted
            )
            held = any(row.incident and row.block >= end - length for row in within)
            found.append(Day(case, alerts, max(1, len(within)), held))
    return found


def chance_of(p_value: float, chances: float) -> float:
    """Return the p-value of the smallest of so many (Sidak)."""
    return -expm1(chances * log1p(-min(p_value, 1.0 - 1e-16)))


def alternative(chances: Sequence[float], follow: float) -> Alternative:
    """Fit Beta(a, 1) to attacks' p-values by maximum likelihood; its ends from a Gamma law of
    -ln(p*), which is exponential with rate a."""
    total = sum(-log(max(chance, 1e-12)) for chance in chances) or _LEAST
    count = len(chances)
    ends = [float(gammaincinv(count, end)) / total for end in (END, 1.0 - END)]
    a, low, high = (min(0.99, max(1e-3, value)) for value in (count / total, *ends))
    return Alternative(a=a, low=low, high=high, attacks=count, follow=follow)


def forecasts(found: Sequence[Day], follow: float) -> list[tuple[Day, float, float]]:
    """Return each day with its forecast and with the base rate, both from the other protocols."""
    told = []
    for case in dict.fromkeys(day.case for day in found):
        others = [day for day in found if day.case != case]
        base = (sum(day.incident for day in others) + 0.5) / (len(others) + 1)
        attacks = [
            min((chance_of(p, day.chances) for _, p in day.alerts), default=1.0)
            for day in others
            if day.incident
        ]
        law = alternative(attacks, follow)
        for day in found:
            if day.case == case:
                times = max((_weight(law, day, *alert) for alert in day.alerts), default=1.0)
                told.append((day, raised(base, times), base))
    return told


def _weight(law: Alternative, day: Day, age: int, p_value: float) -> float:
    where = Source(topic="alerts-v1", partition=0, offset=0, record="0" * 64)
    sign = Evidence(source=where, kind="alert", at=0, p_value=p_value)
    return law.weight(sign, age, day.chances)[0]


def brier(probability: float, *, happened: bool) -> float:
    """Return the squared error."""
    return (probability - happened) ** 2


def ignorance(probability: float, *, happened: bool) -> float:
    """Return the negative logarithm of the probability that was given to what happened."""
    bounded = min(1.0 - _LEAST, max(_LEAST, probability))
    return -log(bounded if happened else 1.0 - bounded)


def scores(told: Sequence[tuple[Day, float, float]], seed: int = 0) -> Mapping[str, Score]:
    """Return `brier` and `log` scores of forecasts."""
    rng = np.random.default_rng(seed)
    cases = sorted({day.case for day, _, _ in told})
    draws = rng.integers(len(cases), size=(SAMPLES, len(cases)))
    found = {}
    for name, loss in (("brier", brier), ("log", ignorance)):
        sums = {case: np.zeros(3) for case in cases}
        for day, forecast, base in told:
            sums[day.case] += (
                loss(forecast, happened=day.incident), loss(base, happened=day.incident), 1.0,
            )  # fmt: skip
        table = np.array([sums[case] for case in cases])
        whole, drawn = table.sum(axis=0), table[draws].sum(axis=1)
        low, high = np.percentile(1.0 - drawn[:, 0] / drawn[:, 1], (5.0, 95.0))
        found[name] = Score(
            float(whole[0] / whole[2]),
            float(whole[1] / whole[2]),
            float(1.0 - whole[0] / whole[1]),
            float(low),
            float(high),
        )
    return found


class Quarter(NamedTuple):
    """A quarter's incidents: expected, the ends that should hold 90 %, and recorded."""

    start: date
    expected: float
    low: int
    high: int
    recorded: int


def quarters(
    dates: Sequence[date], unsure: float = 1.0, years: int = 3, first: int = 2021
) -> list[Quarter]:
    """Forecast each quarter from up to `years` before it, one at least.

    The rate may be `unsure` times as high or as low as it was.
    """
    found, length = [], timedelta(days=91)
    start, last = date(first + 1, 1, 1), max(dates)
    while start + length <= last:
        since = max(date(first, 1, 1), start - timedelta(days=365 * years))
        before = sum(since <= day < start for day in dates)
        shape, rate = before + 0.5, (start - since).days / length.days
        ends = [nbinom(shape, one / (one + 1.0)) for one in (rate * unsure, rate / unsure)]
        recorded = sum(start <= day < start + length for day in dates)
        low, high = int(ends[0].ppf(0.05)), int(ends[1].ppf(0.95))
        found.append(Quarter(start, shape / rate, low, high, recorded))
        start += length
    return found


class Exceeded(NamedTuple):
    """How many of the later losses lie beyond what a share of them should exceed."""

    share: float
    beyond: int
    losses: int
    low: int
    high: int
    """The ends that should hold 90 %, if each loss exceeds it with that share by itself."""


def exceedances(before: Sequence[float], after: Sequence[float]) -> list[Exceeded]:
    """Fit severity to earlier losses, and count later ones beyond its quantiles (Kupiec, 1995)."""
    tail = fit(before)
    severity, found = Severity(*fitted(list(before), tail), tail), []
    for share in (0.5, 0.1, 0.05, 0.01):
        most = severity.exceeded_by(share)
        law = binom(len(after), share)
        beyond = sum(loss > most for loss in after)
        found.append(Exceeded(share, beyond, len(after), int(law.ppf(0.05)), int(law.ppf(0.95))))
    return found


def follow_of(seconds: Sequence[float]) -> float:
    """Return the mean time from sign to attack of an exponential law that is looked at for
    `WINDOW` only (maximum likelihood under censoring)."""
    within = sum(one < WINDOW for one in seconds)
    return sum(min(one, float(WINDOW)) for one in seconds) / max(1, within)


def reliability(told: Sequence[tuple[Day, float, float]]) -> list[tuple[float, float, int]]:
    """Return for bins of the forecast its mean, the share that happened, and how many."""
    edges, found = (0.0, 0.05, 0.25, 0.5, 1.0), []
    for low, high in pairwise(edges):
        inside = [(p, day.incident) for day, p, _ in told if low < p <= high]
        if inside:
            mean = sum(p for p, _ in inside) / len(inside)
            found.append((mean, sum(hit for _, hit in inside) / len(inside), len(inside)))
    return found
