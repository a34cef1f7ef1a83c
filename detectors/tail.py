"""How rare is a score? An online survival function with a fitted tail.

Scores are counted in a histogram of fixed bins; a shipped reference sample counts as a few hundred
observations more, so that the first transaction of a new protocol has a p-value too. Within the
histogram the p-value is conformal: the share of scores at least as large, the new one included
(Vovk, Gammerman, Shafer: Algorithmic Learning in a Random World, 2005), which holds whatever the
distribution is. Beyond the highest scores it comes from an exponential tail above a threshold,
whose mean excess has a gamma prior; the predictive tail is then a Lomax distribution
(1 + e/B)^-A, heavy while few exceedances were seen and exponential once many were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BIN = 0.25
BINS = 256
"""Scores up to 64 nats are told apart; that is a p-value of 1e-28."""

TAIL_SHARE = 0.02
"""The threshold lies where at most this share of the scores is larger."""

PRIOR_EXCESSES = 4.0
PRIOR_MEAN_EXCESS = 2.0
"""The gamma prior: worth four exceedances of two nats. A fair model's surprise has a mean excess of
one nat; twice that allows for features that move together."""

MEMORY = 20_000.0
"""When this many scores were learned, all counts are halved: the distant past fades."""

SMALLEST = 1e-15


@dataclass(frozen=True, slots=True)
class Rarity:
    """A p-value and where it comes from (`prior`, `empirical` or `fitted`)."""

    p_value: float
    tail: str


class OnlineTail:
    """The survival function of one detector's scores for one protocol."""

    def __init__(self, reference: Sequence[float] = ()) -> None:
        """`reference`: bin counts of a shipped sample, at most `BINS` of them."""
        self._reference = [float(count) for count in reference]
        self._reference += [0.0] * (BINS - len(self._reference))
        self._learned = 0.0
        self._counts = [0.0] * BINS
        self._fit()

    @property
    def learned(self) -> float:
        """How many scores of this protocol count, faded ones in part."""
        return self._learned

    def learn(self, score: float, weight: float) -> None:
        """Count a score that belongs to ordinary life."""
        index = _bin(score)
        self._counts[index] += weight
        self._learned += weight
        self._total += weight
        if self._learned >= MEMORY:
            self._counts = [count / 2 for count in self._counts]
            self._learned /= 2
            self._fit()
            return
        if index >= self._threshold:
            self._above += weight
            self._excess += weight * (index - self._threshold + 0.5) * BIN
        self._settle()

    def _settle(self) -> None:
        """Move the threshold to where `TAIL_SHARE` wants it."""
        while self._above > self._allowed() and self._threshold < BINS - 1:
            leaving = self._reference[self._threshold] + self._counts[self._threshold]
            self._above -= leaving
            self._excess -= leaving * 0.5 * BIN + self._above * BIN
            self._threshold += 1
        while self._threshold:
            joining = self._reference[self._threshold - 1] + self._counts[self._threshold - 1]
            if self._above + joining > self._allowed():
                break
            self._excess += self._above * BIN + joining * 0.5 * BIN
            self._above += joining
            self._threshold -= 1

    def rarity(self, score: float) -> Rarity:
        """Return how rare a score at least this large is. Never rises with the score."""
        edge = self._threshold * BIN
        if score <= edge:
            index = _bin(score)
            above = sum(self._reference[index:]) + sum(self._counts[index:])
            p_value = (above + 1.0) / (self._total + 1.0)
            return Rarity(min(1.0, p_value), "empirical" if self._learned else "prior")
        shape = PRIOR_EXCESSES + self._above
        scale = PRIOR_EXCESSES * PRIOR_MEAN_EXCESS + self._excess
        share = (self._above + 1.0) / (self._total + 1.0)
        p_value = share * (1.0 + (score - edge) / scale) ** -shape
        return Rarity(max(SMALLEST, p_value), "fitted" if self._learned else "prior")

    def median(self) -> float:
        """Return the score below which half of them lie, to the bin; 0 without any."""
        above = 0.0
        for index in range(BINS - 1, -1, -1):
            above += self._reference[index] + self._counts[index]
            if above > self._total / 2:
                return index * BIN
        return 0.0

    def _allowed(self) -> float:
        return max(TAIL_SHARE * self._total, 1.0)

    def _fit(self) -> None:
        """Find the threshold and what lies above it, from the counts alone."""
        counts = [a + b for a, b in zip(self._reference, self._counts, strict=True)]
        self._total = sum(counts)
        self._threshold = BINS - 1
        self._above = counts[-1]
        self._excess = counts[-1] * 0.5 * BIN
        self._settle()

    def dump(self) -> dict[str, Any]:
        """Return what was learned, without the reference; sparse."""
        return {
            "counts": {str(i): count for i, count in enumerate(self._counts) if count},
            "learned": self._learned,
            "total": self._total,
            "threshold": self._threshold,
            "above": self._above,
            "excess": self._excess,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described."""
        self._counts = [0.0] * BINS
        for index, count in state["counts"].items():
            self._counts[int(index)] = float(count)
        self._learned = float(state["learned"])
        self._total = float(state["total"])
        self._threshold = int(state["threshold"])
        self._above = float(state["above"])
        self._excess = float(state["excess"])


def _bin(score: float) -> int:
    return min(BINS - 1, max(0, int(score / BIN)))
