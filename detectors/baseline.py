"""What is ordinary for a feature, and the surprise at a value that lies above it.

`Sizes` is for what varies by factors (amounts, price movements): an online mean and variance of the
logarithm, with a prior worth a few observations. The statistic is River's weighted running
variance; the posterior predictive of a normal with unknown mean and variance is a Student t with
n-1 degrees of freedom and scale sqrt(s^2 (1 + 1/n)) (Murphy, Conjugate Bayesian analysis of the
Gaussian distribution, 2007, eq. 110).

`Counts` is for what is mostly nought or one and sometimes many (loans, re-entries): no normal fits
that, and a variance learned from noughts alone would make every one a miracle. Its survival
function is counted, with a tail fitted beyond (`detectors.tail`).

The surprise is -ln of the upper tail, in nats; 0 at and below what is ordinary.

Nobody walks a size upward step by step: beside the moving statistic stands an anchor that is frozen
for `EPOCH` observations and then follows by a capped step. The larger of both surprises counts, so
75 steps just below the alarm gain what the anchor moved in that time, which is nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from river.stats import Var
from scipy.special import stdtr

from detectors.tail import OnlineTail

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


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a size's logarithm before any was seen."""

    mean: float
    spread: float
    """Standard deviation."""
    weight: float = 10.0
    """How many observations the belief is worth, more than 1."""


class Sizes:
    """The online distribution of a size, none smaller than `floor`."""

    __slots__ = ("_age", "_anchor", "_floor", "_var")

    def __init__(self, prior: Prior, floor: float) -> None:
        self._floor = floor
        self._var = Var(ddof=1)
        self._anchor: tuple[float, float, float] | None = None
        """(n, mean, spread) at the end of an epoch, None before the first."""
        self._age = 0.0
        self._set(prior.weight, prior.mean, (prior.weight - 1.0) * prior.spread**2)

    def _set(self, n: float, mean: float, squares: float) -> None:
        self._var.mean.n, self._var.mean._mean, self._var._S = n, mean, squares  # noqa: SLF001

    def surprise(self, value: float) -> float:
        """Return -ln of the predictive tail, of the moving statistic or the anchor, whichever is
        more surprised."""
        scaled = self._scaled(value)
        found = _surprise(scaled, self._var.n, self._var.mean.get(), math.sqrt(self._var.get()))
        return found if self._anchor is None else max(found, _surprise(scaled, *self._anchor))

    def standing(self, value: float) -> float:
        """Return how many spreads a value lies above the mean."""
        spread = math.sqrt(self._var.get())
        return (self._scaled(value) - self._var.mean.get()) / spread if spread > 0.0 else 0.0

    def expected(self) -> float:
        """Return the geometric mean."""
        return math.exp(min(700.0, self._var.mean.get()))

    def learn(self, value: float, weight: float) -> None:
        """Count a size as ordinary."""
        self._var.update(self._scaled(value), weight)
        if self._var.n > MEMORY:
            keep = MEMORY / self._var.n
            self._set(MEMORY, self._var.mean.get(), self._var._S * keep)  # noqa: SLF001
        self._age += weight
        if self._age >= (FIRST_ANCHOR if self._anchor is None else EPOCH):
            self._age = 0.0
            self._follow()

    def _follow(self) -> None:
        """Bring the anchor to the moving statistic, as far as one step reaches."""
        n, mean, spread = self._var.n, self._var.mean.get(), math.sqrt(self._var.get())
        if self._anchor is not None:
            _, was, wide = self._anchor
            mean = min(max(mean, was - ANCHOR_STEP * wide), was + ANCHOR_STEP * wide)
            spread = min(spread, wide * ANCHOR_STRETCH)
        self._anchor = (n, mean, spread)

    def _scaled(self, value: float) -> float:
        return logarithm(value, self._floor)

    def dump(self) -> list[Any]:
        """Return (n, mean, sum of squares) of the logarithms, the anchor and its age."""
        anchor = None if self._anchor is None else list(self._anchor)
        return [self._var.n, self._var.mean.get(), self._var._S, anchor, self._age]  # noqa: SLF001

    def load(self, state: list[Any]) -> None:
        """Become what `dump` described."""
        self._set(float(state[0]), float(state[1]), float(state[2]))
        self._anchor = None if state[3] is None else tuple(map(float, state[3]))  # type: ignore[assignment]  # three numbers, as written
        self._age = float(state[4])


def _surprise(value: float, n: float, mean: float, spread: float) -> float:
    above = value - mean
    if above <= 0.0:
        return 0.0
    wide = spread * math.sqrt(1.0 + 1.0 / n)
    tail = float(stdtr(n - 1.0, -above / wide)) if wide > 0.0 else 0.0
    return min(LARGEST_SURPRISE, -math.log(tail)) if tail > 0.0 else LARGEST_SURPRISE


class Counts:
    """The online distribution of a count."""

    __slots__ = ("_tail",)

    def __init__(self, reference: Sequence[float]) -> None:
        """`reference`: a shipped sample's histogram, binned as `to_tail` scales counts."""
        self._tail = OnlineTail(reference)

    def surprise(self, value: float) -> float:
        """Return -ln of the share of counts at least as large."""
        return -math.log(self._tail.rarity(to_tail(value)).p_value)

    def expected(self) -> float:
        """Return the median."""
        return float(round(from_tail(self._tail.median())))

    def learn(self, value: float, weight: float) -> None:
        """Count a count as ordinary."""
        self._tail.learn(to_tail(value), weight)

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
