"""What an issuer's word weighs, from what its signals came to. Pure.

Confirmed and refuted signals are counted as a Beta distribution of the share of its signals that
are true, and counts halve with time (Jøsang and Ismail, "The Beta Reputation System", Bled
eConference 2002: expectation and forgetting). An issuer nobody knows starts at Beta(1, 1).

A signal's weight is a likelihood ratio: how much more often it comes when the danger is real. By
Bayes, the odds that a signal is true are that ratio times the odds of danger before it. Danger is
never likelier than not, so the odds of truth alone understate the ratio, and we take them: q/(1-q),
with q the share that the issuer reaches with a probability of 95 %. A newcomer's ratio is 1, which
changes nothing; ten confirmed signals give 3.2, twenty 6.5, and one refuted among ten halves it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import betaincinv

from schemas.signals import WHOLE, Verdict
from schemas.units import Seconds

HALF_LIFE = 180 * 86_400
"""Seconds after which what was found counts half."""

DOUBT = 0.05
"""How improbable it may be that we think better, or worse, of an issuer than it deserves."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one issuer at a time: how many of its signals were right, how many wrong."""

    confirmed: float = 0.0
    refuted: float = 0.0
    time: Seconds = 0
    """When these numbers held."""

    def at(self, time: Seconds) -> "Standing":
        """Return what is left of it at a later time; the same at an earlier one."""
        if time <= self.time:
            return self
        kept = _kept(time - self.time)
        return Standing(self.confirmed * kept, self.refuted * kept, time)

    def with_stated(self, confirmed: int, refuted: int) -> "Standing":
        """Return it with what is known from before."""
        return Standing(self.confirmed + confirmed, self.refuted + refuted, self.time)

    @property
    def ratio(self) -> float:
        """The likelihood ratio of its signals, at least 1."""
        share = float(betaincinv(1 + self.confirmed, 1 + self.refuted, DOUBT))
        return max(1.0, share / (1 - share))

    @property
    def unmasked(self) -> bool:
        """Whether it is more often wrong than right, beyond doubt."""
        return float(betaincinv(1 + self.confirmed, 1 + self.refuted, 1 - DOUBT)) < 0.5


def standing(findings: Iterable[Verdict]) -> Standing:
    """Return what findings on one issuer's signals amount to, as of the latest of them."""
    known = tuple(findings)
    time = max((one.time for one in known), default=0)
    sums = {"confirmed": 0.0, "refuted": 0.0}
    for one in known:
        sums[one.finding] += _kept(time - one.time)
    return Standing(sums["confirmed"], sums["refuted"], time)


def weighed(ratio: float, confidence: int) -> float:
    """Return the ratio of a signal whose issuer is sure of it only so far, in basis points: with
    that probability it is what the ratio says, else it says nothing."""
    share = confidence / WHOLE
    return share * ratio + (1 - share)


def _kept(seconds: Seconds) -> float:
    return float(0.5 ** (seconds / HALF_LIFE))
