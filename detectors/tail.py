"""How rare is a score? An online survival function with a fitted tail.

Scores are counted in a histogram of fixed bins; a shipped reference sample counts as a few hundred
observations more, so that the first transaction of a new protocol has a p-value too. Within the
histogram the p-value is conformal: the share of scores at least as large, the new one included
(Vovk, Gammerman, Shafer: Algorithmic Learning in a Random World, 2005), which holds whatever the
distribution is. Beyond the highest scores it comes from an exponential tail above a threshold,
whose mean excess has a gamma prior; the predictive tail is then a Lomax distribution
(1 + e/B)^-A, heavy while few exceedances were seen and exponential once many were.

Counts are kept as whole billionths, so their floating-point sums are exact: the same in whatever
order they are taken, on every version of Python, in a host that went on and in one that was
restored.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import msgspec

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

ONE = 1e9
"""A score that counts fully. A float keeps whole numbers up to 9e15 exactly; no sum here comes near
(`MEMORY` scores and a reference, or a fiftieth of them times 64 nats)."""

_FULL = MEMORY * ONE
_PER_NAT = 1.0 / BIN
_LARGEST = BINS * BIN


class Rarity(msgspec.Struct, frozen=True, gc=False):
    """A p-value and where it comes from (`prior`, `empirical` or `fitted`)."""

    p_value: float
    tail: str


class Reference:
    """A shipped sample, summed up once for all tails that start from it."""

    __slots__ = ("above", "counts", "length", "start")

    def __init__(self, counts: Sequence[float]) -> None:
        """Take the sample's bin counts, at most `BINS` of them."""
        exact = [_units(count) for count in counts]
        self.counts = tuple(exact) + (0.0,) * (BINS - len(exact))
        self.length = max((n + 1 for n, count in enumerate(exact) if count), default=0)
        """Bins up to the highest in use."""
        above = list(accumulate(reversed(self.counts)))
        self.above = tuple(reversed(above))
        """Per bin, the sample's scores in it and in those beyond."""
        self.start: tuple[int, float, float] | None = None
        """Threshold, and what lies above it, of a tail that has learned nothing."""


NO_REFERENCE = Reference(())


class OnlineTail:
    """The survival function of one detector's scores for one protocol."""

    __slots__ = ("_above", "_counts", "_excess", "_learned", "_reference", "_threshold", "_total")

    def __init__(self, reference: Reference = NO_REFERENCE) -> None:
        self._reference = reference
        self._threshold = 0
        self._above = self._excess = 0.0
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
        return self._learned / ONE

    def learn(self, score: float, weight: float) -> None:
        """Count a score that belongs to ordinary life."""
        units = ONE if weight == 1.0 else _units(weight)
        index = _bin(score) if score > 0.0 else 0
        counts, threshold = self._counts, self._threshold
        if index >= len(counts):
            counts.extend([0.0] * (index + 1 - len(counts)))
        counts[index] += units
        self._learned += units
        if self._learned >= _FULL:
            self._fade()
            return
        total = self._total = self._total + units
        if index >= threshold:
            self._above += units
            self._excess += units * (index - threshold + 0.5) * BIN
            self._settle()
        elif threshold:
            # The threshold can only fall. Most often it stays, and this is all there is to see.
            joining = self._reference.counts[threshold - 1]
            if threshold <= len(counts):
                joining += counts[threshold - 1]
            allowed = TAIL_SHARE * total
            if self._above + joining <= (max(ONE, allowed)):
                self._settle()

    def learn_all(self, scores: Sequence[float]) -> None:
        """Count scores of ordinary life, to the same end as one by one.

        What is known depends on the counts alone, so the threshold is brought up once for all.
        """
        units = len(scores) * ONE
        if self._learned + units >= _FULL:
            for score in scores:
                self.learn(score, 1.0)
            return
        counts, threshold = self._counts, self._threshold
        for score in scores:
            index = _bin(score)
            if index >= len(counts):
                counts.extend([0.0] * (index + 1 - len(counts)))
            counts[index] += ONE
            if index >= threshold:
                self._above += ONE
                self._excess += ONE * (index - threshold + 0.5) * BIN
        self._learned += units
        self._total += units
        self._settle()

    def _fade(self) -> None:
        self._counts = [count // 2 for count in self._counts]
        self._learned = sum(self._counts)
        self._fit()

    def _settle(self) -> None:
        """Move the threshold to where `TAIL_SHARE` wants it."""
        allowed = max(TAIL_SHARE * self._total, ONE)
        threshold, above = self._threshold, self._above
        while above > allowed and threshold < BINS - 1:
            leaving = self._mass(threshold)
            above -= leaving
            self._excess -= leaving * 0.5 * BIN + above * BIN
            threshold += 1
        while threshold:
            joining = self._mass(threshold - 1)
            if above + joining > allowed:
                break
            self._excess += above * BIN + joining * 0.5 * BIN
            above += joining
            threshold -= 1
        self._threshold, self._above = threshold, above

    def _mass(self, index: int) -> float:
        counts = self._counts
        own = counts[index] if index < len(counts) else 0.0
        return self._reference.counts[index] + own

    def p_value(self, score: float) -> float:
        """Return the probability of a score at least this large. Never rises with the score."""
        if score <= 0.0:
            return 1.0
        threshold = self._threshold
        if score <= threshold * BIN:
            index = int(score * _PER_NAT)
            if not index:
                return 1.0
            counts = self._counts
            if 2 * index < len(counts):  # whichever side has fewer bins: sums are exact
                own = self._learned - sum(counts[:index])
            else:
                own = sum(counts[index:])
            return (self._reference.above[index] + own + ONE) / (self._total + ONE)
        above = self._above
        shape = PRIOR_EXCESSES + above / ONE
        scale = PRIOR_EXCESSES * PRIOR_MEAN_EXCESS + self._excess / ONE
        share = (above + ONE) / (self._total + ONE)
        beyond = score - threshold * BIN
        return max(SMALLEST, float(share * (1.0 + beyond / scale) ** -shape))

    def ordinary(self, p_value: float) -> float:
        """Return a score up to which none is so rare; most scores need no more than this."""
        least = (self._above + ONE) / (self._total + ONE)
        return self._threshold * BIN if least > p_value else 0.0

    def level(self, p_value: float) -> float:
        """Return the score that has this p-value, or the threshold if that is rarer already."""
        above = self._above
        shape = PRIOR_EXCESSES + above / ONE
        scale = PRIOR_EXCESSES * PRIOR_MEAN_EXCESS + self._excess / ONE
        share = (above + ONE) / (self._total + ONE)
        times: float = max(1.0, share / p_value) ** (1.0 / shape)
        return self._threshold * BIN + scale * (times - 1.0)

    def rarity(self, score: float) -> Rarity:
        """Return `p_value`, and where it comes from."""
        if not self._learned:
            tail = "prior"
        else:
            tail = "empirical" if score <= self._threshold * BIN else "fitted"
        return Rarity(self.p_value(score), tail)

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
        self._threshold = max(self._reference.length, len(self._counts))
        self._above = self._excess = 0.0
        if self._threshold == BINS:  # nothing lies above the last bin
            self._threshold -= 1
            self._above = self._mass(BINS - 1)
            self._excess = self._above * 0.5 * BIN
        self._settle()

    def dump(self) -> dict[str, Any]:
        """Return what was learned, without the reference; sparse."""
        return {"counts": {str(i): count / ONE for i, count in enumerate(self._counts) if count}}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described."""
        self._counts = _dense(state["counts"].items())
        self._learned = sum(self._counts)
        self._fit()


def _dense(counts: Iterable[tuple[str, float]]) -> list[float]:
    found = [0.0] * BINS
    length = 0
    for index, count in counts:
        found[int(index)] = _units(float(count))
        length = max(length, int(index) + 1)
    return found[:length]


def _units(count: float) -> float:
    """Return a count in whole billionths."""
    return float(round(count * ONE))


def _bin(score: float) -> int:
    if score >= _LARGEST:
        return BINS - 1
    return int(score * _PER_NAT) if score > 0.0 else 0
