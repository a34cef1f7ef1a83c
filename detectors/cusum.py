"""A drain in many small steps: the cumulative sum of what lies above the ordinary.

Page's statistic (Continuous inspection schemes, Biometrika 41, 1954) over standardised logarithms,
S <- max(0, S + z - K). Without a change its stationary tail is exp(-2 K h) (Siegmund, Sequential
Analysis, 1985, 10.2, for normal steps), so the surprise at S is 2 K S nats, and the run length
between false alarms follows from the budget that the host holds all scores to.
"""

from typing import Any

from detectors.baseline import Prior, Sizes

K = 1.0
"""Half the shift that is found fastest, in standard deviations; large, because users come in runs
and neighbouring amounts are not independent."""

LARGEST_STEP = 3.0
"""One transaction adds no more: a single large outflow is told by its own size."""

LARGEST = 5.0
"""Where the sum ends: e^-10 is as much as a course alone may say."""


class Cusum:
    """A `detectors.baseline.Baseline` of sizes that looks at their course."""

    __slots__ = ("_sizes", "_sum")

    def __init__(self, prior: Prior, floor: float) -> None:
        self._sizes = Sizes(prior, floor)
        self._sum = 0.0

    def _after(self, value: float) -> float:
        step = self._sizes.standing(value) - K
        return min(LARGEST, max(0.0, self._sum + min(LARGEST_STEP, step)))

    def surprise(self, value: float) -> float:
        """Return how surprising the course is with this value, in nats."""
        return 2.0 * K * self._after(value) if self._sum > 0.0 else 0.0

    def expected(self) -> float:
        """Return the geometric mean."""
        return self._sizes.expected()

    def learn(self, value: float, weight: float) -> None:
        """Go on with a value; one that counts for little moves the sum little."""
        self._sum += weight * (self._after(value) - self._sum)
        self._sizes.learn(value, weight)

    def dump(self) -> list[Any]:
        """Return what was learned, as JSON."""
        return [self._sum, self._sizes.dump()]

    def load(self, state: list[Any]) -> None:
        """Become what `dump` described."""
        self._sum = float(state[0])
        self._sizes.load(state[1])
