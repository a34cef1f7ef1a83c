"""What is ordinary for a feature, and the surprise at a value that lies above it.

`Sizes` is for what varies by factors (amounts, price movements): an online mean and variance of the
logarithm, with a prior worth a few observations. The statistic is a weighted running variance, held
against River's in the tests; the posterior predictive of a normal with unknown mean and variance is
a Student t with n-1 degrees of freedom and scale sqrt(s^2 (1 + 1/n)) (Murphy, Conjugate Bayesian
analysis of the Gaussian distribution, 2007, eq. 110).

`Counts` is for what is mostly nought or one and sometimes many (loans, re-entries): no normal fits
that, and a variance learned from noughts alone would make every one a miracle. Its survival
function is counted, with a tail fitted beyond (`detectors.tail`).

The surprise is -ln of the upper tail, in nats; 0 at and below what is ordinary.

Nobody walks a size upward step by step: beside the moving statistic stands an anchor that is frozen
for `EPOCH` observations and then follows by a capped step. The larger of both surprises counts, so
75 steps just below the alarm gain what the anchor moved in that time, which is nothing.
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol

from scipy.special.cython_special import stdtr

from detectors.tail import OnlineTail, Reference

MEMORY = 2_000.0
"""Observations of a size that count at most; older ones fade exponentially as new ones come."""

EPOCH = 500.0
"""Observations for which an anchor stands still."""
FIRST_ANCHOR = 100.0
"""Observations after which the first anchor is set."""
ANCHOR_STEP, ANCHOR_STRETCH = 0.5, 1.25
"""How far an anchor follows at once: its mean by half a spread, its spread by a quarter."""

LARGEST_SURPRISE = 60.0
"""Nats; beyond, a float's tail probability is zero."""


class Baseline(Protocol):
    """The online distribution of one feature; values finite, on their natural scale."""

    def surprise(self, value: float) -> float:
        """Return -ln P(next value >= `value`) in nats."""
        ...

    def expected(self) -> float:
        """Return the value in the middle of what is ordinary."""
        ...

    def learn(self, value: float, weight: float) -> None:
        """Count a value as ordinary."""
        ...

    def dump(self) -> Any:
        """Return what was learned, as JSON."""
        ...

    def load(self, state: Any) -> None:
        """Become what `dump` described."""
        ...


BELIEVED = 10.0
"""How many observations a prior is worth unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a size's logarithm before any was seen."""

    mean: float
    spread: float
    """Standard deviation."""
    weight: float = BELIEVED
    """How many observations the belief is worth, more than 1."""


class Sizes:
    """The online distribution of a size, none smaller than `floor`."""

    __slots__ = ("_age", "_anchor", "_floor", "_mean", "_n", "_squares")

    def __init__(self, prior: Prior, floor: float) -> None:
        self._floor = floor
        self._n = prior.weight
        self._mean = prior.mean
        self._squares = (prior.weight - 1.0) * prior.spread**2
        self._anchor: tuple[float, float, float] | None = None
        """(n, mean, spread) at the end of an epoch, None before the first."""
        self._age = 0.0

    @property
    def weight(self) -> float:
        """How many observations it rests on, the prior's among them."""
        return self._n

    def surprise(self, value: float) -> float:
        """Return -ln of the predictive tail, of the moving statistic or the anchor, whichever is
        more surprised."""
        scaled = logarithm(value, self._floor)
        found = _surprise(scaled, self._n, self._mean, self._spread())
        return found if self._anchor is None else max(found, _surprise(scaled, *self._anchor))

    def standing(self, value: float) -> float:
        """Return how many spreads a value lies above the mean."""
        spread = self._spread()
        return (logarithm(value, self._floor) - self._mean) / spread if spread > 0.0 else 0.0

    def expected(self) -> float:
        """Return the geometric mean."""
        return math.exp(min(700.0, self._mean))

    def learn(self, value: float, weight: float) -> None:
        """Count a size as ordinary.

        West's weighted update (1979), as River's `Var` has it, to the last bit.
        """
        scaled, before = logarithm(value, self._floor), self._mean
        self._n += weight
        self._mean += (weight / self._n) * (scaled - before)
        self._squares += weight * (scaled - before) * (scaled - self._mean)
        if self._n > MEMORY:
            self._squares *= MEMORY / self._n
            self._n = MEMORY
        self._age += weight
        if self._age >= (FIRST_ANCHOR if self._anchor is None else EPOCH):
            self._age = 0.0
            self._follow()

    def _spread(self) -> float:
        freedom = self._n - 1.0
        return math.sqrt(self._squares / freedom) if freedom > 0.0 else 0.0

    def _follow(self) -> None:
        """Bring the anchor to the moving statistic, as far as one step reaches."""
        mean, spread = self._mean, self._spread()
        if self._anchor is not None:
            _, was, wide = self._anchor
            mean = min(max(mean, was - ANCHOR_STEP * wide), was + ANCHOR_STEP * wide)
            spread = min(spread, wide * ANCHOR_STRETCH)
        self._anchor = (self._n, mean, spread)

    def dump(self) -> list[Any]:
        """Return (n, mean, sum of squares) of the logarithms, the anchor and its age."""
        anchor = None if self._anchor is None else list(self._anchor)
        return [self._n, self._mean, self._squares, anchor, self._age]

    def load(self, state: list[Any]) -> None:
        """Become what `dump` described."""
        self._n, self._mean, self._squares = map(float, state[:3])
        self._anchor = None
        if state[3] is not None:
            n, mean, spread = map(float, state[3])
            self._anchor = (n, mean, spread)
        self._age = float(state[4])


def _surprise(value: float, n: float, mean: float, spread: float) -> float:
    above = value - mean
    if above <= 0.0:
        return 0.0
    wide = spread * math.sqrt(1.0 + 1.0 / n)
    tail = stdtr(n - 1.0, -above / wide) if wide > 0.0 else 0.0
    return min(LARGEST_SURPRISE, -math.log(tail)) if tail > 0.0 else LARGEST_SURPRISE


_FEW = {float(count): 4.0 * math.log1p(count) for count in range(100)}
"""What most counts are on the tail's scale."""


class Counts:
    """The online distribution of a count."""

    __slots__ = ("_tail",)

    def __init__(self, reference: Reference) -> None:
        """`reference`: a shipped sample, binned as `to_tail` scales counts."""
        self._tail = OnlineTail(reference)

    def surprise(self, value: float) -> float:
        """Return -ln of the share of counts at least as large."""
        if value <= 0.0:
            return 0.0
        few = _FEW.get(value)
        return -math.log(self._tail.p_value(to_tail(value) if few is None else few))

    def expected(self) -> float:
        """Return the median."""
        return float(round(from_tail(self._tail.median())))

    def learn(self, value: float, weight: float) -> None:
        """Count a count as ordinary."""
        few = _FEW.get(value)
        self._tail.learn(to_tail(value) if few is None else few, weight)

    def dump(self) -> dict[str, Any]:
        """Return the tail's state."""
        return self._tail.dump()

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described."""
        self._tail.load(state)


def logarithm(value: float, floor: float) -> float:
    """Return ln of a value, none smaller than `floor`."""
    return math.log(max(value, floor))


def to_tail(count: float) -> float:
    """Bring a count onto the tail's scale, 4 ln(1 + count): 1, 2 and 3 have bins of their own, and
    10,000 still fits."""
    return 4.0 * math.log1p(max(0.0, count))


def from_tail(scaled: float) -> float:
    """Bring a value of the tail's scale back to a count."""
    return math.expm1(scaled / 4.0)
