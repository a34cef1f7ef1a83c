"""How far a number usually lies from nought: an online spread with a prior and a floor.

The tail is a Student t with few degrees of freedom, because prices have heavy tails: a market's
spread is itself a guess that changes from day to day.
"""

import math

from scipy.special import stdtr

FREEDOM = 30.0
"""Degrees of freedom of the tail; five spreads are then once in 90,000 and not in 3,500,000."""

_LIMIT = 1.0
"""Below one spread nothing is worth a p-value: saves a function call for most bars."""


class Spread:
    """The online second moment of a signed number."""

    __slots__ = ("_floor", "_memory", "_n", "_squares")

    def __init__(self, prior: float, *, floor: float, weight: float, memory: float) -> None:
        """`prior`: the spread believed before any was seen, worth `weight` observations."""
        self._floor = floor
        self._memory = memory
        self._n = weight
        self._squares = weight * prior * prior

    @property
    def value(self) -> float:
        """The spread, never below the floor."""
        return max(self._floor, math.sqrt(self._squares / self._n))

    def p_value(self, value: float) -> float:
        """Return how often a number lies at least as far to either side; 1 within the spread."""
        far = abs(value)
        if far < _LIMIT * self._floor:
            return 1.0
        far /= self.value
        return 1.0 if far < _LIMIT else 2.0 * float(stdtr(FREEDOM, -far))

    def learn(self, value: float, weight: float) -> None:
        """Count a number as ordinary."""
        self._n += weight
        self._squares += weight * value * value
        if self._n > self._memory:
            self._squares *= self._memory / self._n
            self._n = self._memory

    def dump(self) -> list[float]:
        """Return (n, sum of squares)."""
        return [self._n, self._squares]

    def load(self, state: list[float]) -> None:
        """Become what `dump` described."""
        self._n, self._squares = float(state[0]), float(state[1])


class Level:
    """The online mean and spread of a number, and how rarely it lies so far above its mean."""

    __slots__ = ("_floor", "_mean", "_memory", "_n", "_squares")

    def __init__(
        self, mean: float, spread: float, *, floor: float, weight: float, memory: float
    ) -> None:
        """The mean and spread believed before any was seen, worth `weight` observations."""
        self._floor = floor
        self._memory = memory
        self._n = weight
        self._mean = mean
        self._squares = weight * spread * spread

    @property
    def mean(self) -> float:
        """What is ordinary."""
        return self._mean

    def p_value(self, value: float) -> float:
        """Return how often a number lies at least as far above the mean; 1 below one spread."""
        if value - self._mean < _LIMIT * self._floor:
            return 1.0
        far = (value - self._mean) / max(self._floor, math.sqrt(self._squares / self._n))
        return 1.0 if far < _LIMIT else float(stdtr(FREEDOM, -far))

    def learn(self, value: float, weight: float) -> None:
        """Count a number as ordinary (West, Updating mean and variance estimates, 1979)."""
        self._n += weight
        step = value - self._mean
        self._mean += step * weight / self._n
        self._squares += weight * step * (value - self._mean)
        if self._n > self._memory:
            self._squares *= self._memory / self._n
            self._n = self._memory

    def dump(self) -> list[float]:
        """Return (n, mean, sum of squares around it)."""
        return [self._n, self._mean, self._squares]

    def load(self, state: list[float]) -> None:
        """Become what `dump` described."""
        self._n, self._mean, self._squares = (float(number) for number in state)
