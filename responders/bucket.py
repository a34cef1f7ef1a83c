"""What bounds our `OutflowBucket` (contracts/src): whole numbers, in its unit of value. Pure.

A bucket of capacity C that refills at r per second lets at most C + r * T leave within T seconds,
and what itself came in, whoever watches. `responders.allowance` says how large C has to be.
"""

from typing import NamedTuple


class Limits(NamedTuple):
    """The most that may leave at once, and what comes back each second."""

    capacity: int
    rate: int

    def narrower(self, other: "Limits") -> "Limits":
        """Return the smaller of each."""
        return Limits(min(self.capacity, other.capacity), min(self.rate, other.rate))

    def loss(self, seconds: int) -> int:
        """Return the most that can leave within so many seconds: C + r * T."""
        return self.capacity + self.rate * seconds
