"""How likely an incident is within a horizon: a base rate, raised by live evidence. Pure.

**Base rate.** Incidents of a protocol come at a rate that is not known, only how many were recorded
in how many protocol-years. With Jeffreys' prior the rate is Gamma(k + 1/2, exposure), and

    P0 = 1 - (exposure / (exposure + h)) ** (k + 1/2)

is the predictive probability of at least one within h years. The exposure is an estimate, so its
ends move P0 as well as chance does.

**Live evidence.** The smallest p-value among the alerts of the last days is that of the most
suspicious of n transactions: by chance alone it has p* = 1 - (1 - p) ** n (Sidak, 1967). Where an
attack is near, p* follows Beta(a, 1) with a < 1, the class of alternatives of Sellke, Bayarri and
Berger (2001); a is fitted to recorded attacks instead of taken at its worst, as a responder does
(docs/decisions.md), because a price needs what is likely, and not what cannot be ruled out:

    LR(p*) = a * p* ** (a - 1)         at most `MAX_RATIO`; less than 1 is none

times what is known of the sender (`posture_odds`, at most `MAX_POSTURE`). An attack follows its
first alert soon or not at all, so evidence of age t keeps exp(-t / follow) of its excess over 1,

    odds(P) = odds(P0) * (1 + (LR * posture - 1) * exp(-t / follow))

Alerts of one protocol have causes in common, so they are not multiplied: the heaviest counts.

**Neighbours.** What they warn of multiplies the odds by `runtime.neighbourhood.warned`: the word of
an honest one though a third of them lie, at most 10, by a reputation that is earned. A warning and
an alert of ours may have one cause, so of the two the heavier counts alone. For the interval a
warning is worth nothing at the least, and at the most what neighbours may ever do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, expm1, inf, log1p

from scipy.special import gammaincinv

from runtime.neighbourhood import MAX_SIGNAL_ODDS, warned
from schemas.actions import Heard
from schemas.risk import Evidence

DAY, YEAR = 86_400, 365.25 * 86_400

END = 1 / 60
"""What each of three parameters leaves out at either end, so that all three hold with 90 %."""

WINDOW = 3 * DAY
"""Seconds after which an alert is no evidence of what is near."""

MAX_RATIO = 1e4
MAX_POSTURE = 100.0
"""As much as a responder believes at most (`responders.halt`)."""

HIGHEST = 0.999
"""No evidence of ours makes an incident certain; only a confirmed case does, and is no forecast."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often incidents were recorded, in protocol-years that were estimated."""

    incidents: int
    exposure: float
    least_exposure: float
    most_exposure: float

    def probability(self, seconds: float) -> float:
        """Return the predictive probability of at least one incident of one protocol."""
        shape, years = self.incidents + 0.5, seconds / YEAR
        return -expm1(-shape * log1p(years / self.exposure))

    def interval(self, seconds: float) -> tuple[float, float]:
        """Return its ends: the rate's `END` and 1 - `END` with the exposure at its own ends."""
        shape, years = self.incidents + 0.5, seconds / YEAR
        low = float(gammaincinv(shape, END)) / self.most_exposure
        high = float(gammaincinv(shape, 1.0 - END)) / self.least_exposure
        return -expm1(-low * years), -expm1(-high * years)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Beta(a, 1), fitted to the p* of so many recorded attacks; and the ends of a."""

    a: float
    low: float
    high: float
    attacks: int
    follow: float
    """Seconds: the mean time from an attack's first alert to its loss."""

    def weight(self, evidence: Evidence, now: int, chances: float) -> tuple[float, float, float]:
        """Return by what an alert multiplies the odds, and the least and most within the interval.

        `chances` is how many transactions of the protocol there were to alert.
        """
        age = max(0, now - evidence.at)
        if age > WINDOW:
            return 1.0, 1.0, 1.0
        chance = -expm1(chances * log1p(-min(evidence.p_value, 1.0 - 1e-16)))
        posture = min(MAX_POSTURE, evidence.posture_odds)
        kept = exp(-age / self.follow)
        ratios = [_ratio(a, chance) * posture for a in (self.a, self.low, self.high)]
        return (
            1.0 + (ratios[0] - 1.0) * kept,
            1.0 + (min(ratios) - 1.0) * kept,
            1.0 + (max(ratios) - 1.0) * kept,
        )


def _ratio(a: float, chance: float) -> float:
    ratio = a * chance ** (a - 1.0) if chance > 0.0 else inf
    return min(MAX_RATIO, max(1.0, ratio))


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The probability of an incident, with its interval, and what raised it."""

    base: tuple[float, float, float]
    times: tuple[float, float, float]
    """By what the odds were multiplied: likely, least, most."""
    heaviest: Evidence | None
    """The alert, None where there is none or neighbours' word is heavier."""

    @property
    def probability(self) -> tuple[float, float, float]:
        """Likely, least, most."""
        found = [raised(base, times) for base, times in zip(self.base, self.times, strict=True)]
        return found[0], found[1], found[2]

    def with_word(self, heard: Heard | None) -> "Likelihood":
        """Return it with what neighbours warn of; never less."""
        word = warned(heard)
        if word <= 1.0:
            return self
        likely, least, most = self.times
        times = (max(likely, word), least, max(most, MAX_SIGNAL_ODDS))
        return Likelihood(self.base, times, self.heaviest if likely >= word else None)


def raised(probability: float, times: float) -> float:
    """Return the probability whose odds are so many times as large, at most `HIGHEST`."""
    odds = probability * times
    return min(HIGHEST, odds / (odds + 1.0 - probability))


def likelihood(
    rate: Rate,
    alternative: Alternative,
    evidence: Iterable[Evidence],
    *,
    now: int,
    horizon: float,
    transactions_per_day: float,
) -> Likelihood:
    """Return how likely an incident is within `horizon` seconds from `now`.

    Never falls when evidence is added, rises as p-values fall, and falls as evidence ages.
    """
    chances = transactions_per_day * WINDOW / DAY
    weighed = [(alternative.weight(one, now, chances), one) for one in evidence]
    times, heaviest = (1.0, 1.0, 1.0), None
    for weight, one in weighed:
        if weight[0] > times[0]:
            heaviest = one
        times = (
            max(times[0], weight[0]), max(times[1], weight[1]), max(times[2], weight[2]),
        )  # fmt: skip
    low, high = rate.interval(horizon)
    return Likelihood((rate.probability(horizon), low, high), times, heaviest)
