"""How rare is a score? An online survival function with a fitted tail.

Scores are counted in a histogram of fixed bins; a shipped reference sample counts as a few hundred
observations more, so that the first transaction of a new protocol has a p-value too. Within the
histogram the p-value is conformal: the share of scores at least as large, the new one included
(Vovk, Gammerman, Shafer: Algorithmic Learning in a Random World, 2005), which holds whatever the
distribution is. Beyond the highest scores it comes from an exponential tail above a threshold,
whose mean excess has a gamma prior; the predictive tail is then a Lomax distribution
(1 + e/B)^-A, heavy while few exceedances were seen and exponential once many were.

All counts are whole multiples of 2^-32, so their floating-point sums are exact: the same in whatever
order they are taken, on every version of Python, in a host that went on and in one that was restored.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

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

_UNITS = 2.0**32
"""Of a count. Sums stay below 2^21 (`MEMORY` and a reference, times 64 nats), which leaves a float's
53 bits room for them."""


class Rarity(NamedTuple):
    """A p-value and where it comes from (`prior`, `empirical` or `fitted`)."""

    p_value: float
    tail: str


class _Reference:
    """A shipped sample, summed up once for all tails that start from it."""

    def __init__(self, counts: Sequence[float]) -> None:
        exact = [_exact(count) for count in counts]
        self.counts = tuple(exact) + (0.0,) * (BINS - len(exact))
        above = list(accumulate(reversed(self.counts)))
        self.above = tuple(reversed(above))
        """Per bin, the sample's scores in it and in those beyond."""
        self.start: tuple[int, float, float] | None = None
        """Threshold, and what lies above it, of a tail that has learned nothing."""


@lru_cache(maxsize=256)
def _shared(counts: tuple[float, ...]) -> _Reference:
    return _Reference(counts)


class OnlineTail:
    """The survival function of one detector's scores for one protocol."""

    __slots__ = ("_above", "_counts", "_excess", "_learned", "_reference", "_threshold", "_total")

    def __init__(self, reference: Sequence[float] = ()) -> None:
        """`reference`: bin counts of a shipped sample, at most `BINS` of them."""
        self._reference = _shared(tuple(reference))
        self._learned = 0.0
        self._counts: list[float] = []
        """Of this protocol's own scores, up to the highest bin in use."""
        self._total = self._reference.above[0]
        start = self._reference.start
        if start is None:
            self._fit()
            self._reference.start = (self._threshold, self._above, self._excess)
        else:
            self._threshold, self._above, self._excess = start

    @property
    def learned(self) -> float:
        """How many scores of this protocol count, faded ones in part."""
        return self._learned

    def learn(self, score: float, weight: float) -> None:
        """Count a score that belongs to ordinary life."""
        if weight != 1.0:
            weight = _exact(weight)
        index = _bin(score)
        counts = self._counts
        if index >= len(counts):
            counts.extend([0.0] * (index + 1 - len(counts)))
        counts[index] += weight
        self._learned += weight
        if self._learned >= MEMORY:
            self._fade()
            return
        self._total += weight
        if index >= self._threshold:
            self._above += weight
            self._excess += weight * (index - self._threshold + 0.5) * BIN
        self._settle()

    def _fade(self) -> None:
        self._counts = [_exact(count / 2) for count in self._counts]
        self._learned = sum(self._counts)
        self._fit()

    def _settle(self) -> None:
        """Move the threshold to where `TAIL_SHARE` wants it."""
        allowed = max(TAIL_SHARE * self._total, 1.0)
        while self._above > allowed and self._threshold < BINS - 1:
            leaving = self._mass(self._threshold)
            self._above -= leaving
            self._excess -= leaving * 0.5 * BIN + self._above * BIN
            self._threshold += 1
        while self._threshold:
            joining = self._mass(self._threshold - 1)
            if self._above + joining > allowed:
                break
            self._excess += self._above * BIN + joining * 0.5 * BIN
            self._above += joining
            self._threshold -= 1

    def _mass(self, index: int) -> float:
        counts = self._counts
        own = counts[index] if index < len(counts) else 0.0
        return self._reference.counts[index] + own

    def p_value(self, score: float) -> float:
        """Return the probability of a score at least this large. Never rises with the score."""
        edge = self._threshold * BIN
        if score <= edge:
            index = _bin(score)
            above = (
                self._reference.above[index] + sum(self._counts[index:]) if index else self._total
            )
            return min(1.0, (above + 1.0) / (self._total + 1.0))
        shape = PRIOR_EXCESSES + self._above
        scale = PRIOR_EXCESSES * PRIOR_MEAN_EXCESS + self._excess
        share = (self._above + 1.0) / (self._total + 1.0)
        return max(SMALLEST, float(share * (1.0 + (score - edge) / scale) ** -shape))

    def rarity(self, score: float) -> Rarity:
        """Return `p_value`, and where it comes from."""
        if not self._learned:
            return Rarity(self.p_value(score), "prior")
        within = score <= self._threshold * BIN
        return Rarity(self.p_value(score), "empirical" if within else "fitted")

    def median(self) -> float:
        """Return the score below which half of them lie, to the bin; 0 without any."""
        above = 0.0
        for index in range(BINS - 1, -1, -1):
            above += self._mass(index)
            if above > self._total / 2:
                return index * BIN
        return 0.0

    def _fit(self) -> None:
        """Find the threshold and what lies above it, from the counts alone."""
        self._total = self._reference.above[0] + sum(self._counts)
        self._threshold = BINS - 1
        self._above = self._mass(BINS - 1)
        self._excess = self._above * 0.5 * BIN
        self._settle()

    def dump(self) -> dict[str, Any]:
        """Return what was learned, without the reference; sparse."""
        return {"counts": {str(i): count for i, count in enumerate(self._counts) if count}}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described."""
        self._counts = _dense(state["counts"].items())
        self._learned = sum(self._counts)
        self._fit()


def _dense(counts: Iterable[tuple[str, float]]) -> list[float]:
    found = [0.0] * BINS
    length = 0
    for index, count in counts:
        found[int(index)] = _exact(float(count))
        length = max(length, int(index) + 1)
    return found[:length]


def _exact(count: float) -> float:
    """Return the nearest whole multiple of 2^-32."""
    return round(count * _UNITS) / _UNITS


def _bin(score: float) -> int:
    index = int(score / BIN)
    return 0 if index < 0 else min(BINS - 1, index)
