"""What is ordinary for the value of a storage slot, learned as it is written.

Three habits are told apart, each with the surprise at breaking it, in nats:

- a *constant* is written again and again with the same value; that n writes kept it makes the
  first one that does not a chance of 1 / (n + 2) (Laplace's rule of succession);
- a *gauge* moves by factors that have a history: how far the logarithm of new over old lies beyond
  them (`detectors.baseline.Sizes`, predictive Student t tail);
- a slot written only once has no habit and surprises nobody.

Two gauges of one contract that are written together keep a *ratio*: supply against reserves, shares
against assets. It has a history of steps of its own, mostly much smaller than those of either, so
that what moves both by an ordinary amount and one of them a little too far is seen.
"""

import math
from typing import Any

from detectors.baseline import Prior, Sizes

STEP = Prior(mean=-4.0, spread=3.0, weight=4.0)
"""Of ln |ln(new / old)|: most gauges move by a few per cent."""
SMALLEST_STEP = 1e-9
LARGEST = 200.0
"""Of |ln(new / old)|: a 256-bit number against zero."""


FEWEST_RATIOS = 8.0
"""Ratios of two slots before a step of theirs means anything."""
TIGHT = 1e-3
"""The ordinary step of a ratio, at most: two slots that do not keep together have none to break."""


class Slot:
    """The habits of one storage slot: a `detectors.baseline.Baseline` of ln(1 + value)."""

    __slots__ = ("kept", "last", "steps", "writes")

    def __init__(self) -> None:
        self.last = -1.0
        """ln(1 + value) at the last write, -1 before any."""
        self.writes = 0.0
        self.kept = 0.0
        """How many of the writes left the value as it was."""
        self.steps = Sizes(STEP, SMALLEST_STEP)

    def expected(self) -> float:
        """Return the last value, as ln(1 + value)."""
        return max(0.0, self.last)

    def surprise(self, value: float) -> float:
        """Return how surprising it is that the slot gets a value, given as ln(1 + value)."""
        if self.writes < 2.0:
            return 0.0
        step = abs(value - self.last)
        if step == 0.0:
            return 0.0
        changes = self.writes - self.kept
        constant = math.log((self.writes + 2.0) / (changes + 1.0))
        return constant + self.steps.surprise(min(LARGEST, step)) * (changes >= 2.0)

    def learn(self, value: float, weight: float) -> None:
        """Take a value for ordinary."""
        if self.last >= 0.0:
            step = abs(value - self.last)
            if step == 0.0:
                self.kept += weight
            else:
                self.steps.learn(min(LARGEST, step), weight)
        self.writes += weight
        self.last = value

    def dump(self) -> list[Any]:
        """Return what was learned, as JSON."""
        return [self.last, self.writes, self.kept, self.steps.dump()]

    def load(self, state: list[Any]) -> None:
        """Become what `dump` described."""
        self.last, self.writes, self.kept = (float(number) for number in state[:3])
        self.steps.load(state[3])


class Ratio:
    """The habits of the logarithm of one slot over another: a `detectors.baseline.Baseline`."""

    __slots__ = ("last", "steps", "writes")

    def __init__(self) -> None:
        self.last = 0.0
        self.writes = 0.0
        self.steps = Sizes(STEP, SMALLEST_STEP)

    def expected(self) -> float:
        """Return the last ratio's logarithm."""
        return self.last

    def surprise(self, value: float) -> float:
        """Return how surprising a step to this logarithm is, beyond the steps seen."""
        if self.writes < FEWEST_RATIOS or self.steps.expected() > TIGHT:
            return 0.0
        return self.steps.surprise(min(LARGEST, abs(value - self.last)))

    def learn(self, value: float, weight: float) -> None:
        """Take a ratio for ordinary."""
        if self.writes > 0.0:
            self.steps.learn(min(LARGEST, abs(value - self.last)), weight)
        self.writes += weight
        self.last = value

    def dump(self) -> list[Any]:
        """Return what was learned, as JSON."""
        return [self.last, self.writes, self.steps.dump()]

    def load(self, state: list[Any]) -> None:
        """Become what `dump` described."""
        self.last, self.writes = float(state[0]), float(state[1])
        self.steps.load(state[2])
