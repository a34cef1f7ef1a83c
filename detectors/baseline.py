"""What is ordinary for a feature: an online mean and variance with a prior, and the surprise at a
value that lies above.

The statistic is River's weighted running variance. It starts from a prior worth a few observations,
so the posterior predictive of a normal with unknown mean and variance applies from the first value
on: a Student t with n-1 degrees of freedom, scale sqrt(s^2 (1 + 1/n)) (Murphy, Conjugate Bayesian
analysis of the Gaussian distribution, 2007, eq. 110). The surprise is -ln of its upper tail.
"""

import math
from dataclasses import dataclass
from typing import Any

from river.stats import Var
from scipy.special import stdtr

MEMORY = 2_000.0
"""Observations that count at most; older ones fade exponentially as new ones come."""

LARGEST_SURPRISE = 60.0
"""Nats; beyond, a float's tail probability is zero."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a feature before anything was seen of it."""

    mean: float
    spread: float
    """Standard deviation."""
    weight: float = 10.0
    """How many observations the belief is worth, more than 1."""


class Baseline:
    """The online distribution of one feature."""

    __slots__ = ("_var",)

    def __init__(self, prior: Prior) -> None:
        self._var = Var(ddof=1)
        self._set(prior.weight, prior.mean, (prior.weight - 1.0) * prior.spread**2)

    def _set(self, n: float, mean: float, squares: float) -> None:
        self._var.mean.n, self._var.mean._mean, self._var._S = n, mean, squares  # noqa: SLF001

    @property
    def mean(self) -> float:
        """The expected value."""
        return float(self._var.mean.get())

    @property
    def spread(self) -> float:
        """Standard deviation of the next value."""
        return math.sqrt(self._var.get() * (1.0 + 1.0 / self._var.n))

    def surprise(self, value: float) -> float:
        """Return -ln P(next value >= `value`) in nats where it lies above the mean, else 0."""
        distance = self.distance(value)
        if distance <= 0.0:
            return 0.0
        tail = float(stdtr(self._var.n - 1.0, -distance))
        return min(LARGEST_SURPRISE, -math.log(tail)) if tail > 0.0 else LARGEST_SURPRISE

    def distance(self, value: float) -> float:
        """Return how many spreads the value lies above the mean."""
        spread = self.spread
        return (value - self.mean) / spread if spread > 0.0 else 0.0

    def learn(self, value: float, weight: float) -> None:
        """Count a value as ordinary."""
        self._var.update(value, weight)
        if self._var.n > MEMORY:
            keep = MEMORY / self._var.n
            self._set(MEMORY, self._var.mean.get(), self._var._S * keep)  # noqa: SLF001

    def dump(self) -> list[Any]:
        """Return (n, mean, sum of squares)."""
        return [self._var.n, self._var.mean.get(), self._var._S]  # noqa: SLF001

    def load(self, state: list[Any]) -> None:
        """Become what `dump` described."""
        self._set(float(state[0]), float(state[1]), float(state[2]))
