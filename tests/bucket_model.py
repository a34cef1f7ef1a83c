"""Our `OutflowBucket` (contracts/src) as a model, which the contract is held against. Pure.

Limits that are narrowed stand until `start` and return in a straight line by `end`; by themselves
they never fall, and the level rises by its refill alone. Whole numbers, as on chain; values are in
the bucket's unit of value, times in seconds since 1970.
"""

from dataclasses import dataclass, replace

from responders.bucket import Limits


@dataclass(frozen=True, slots=True)
class Bucket:
    """One asset's bucket as it was last written on chain."""

    before: Limits
    """They stand until `start`."""
    after: Limits
    """They hold from `end` on."""
    start: int
    end: int
    level: int
    looked: int
    """When the level was what it says."""

    @classmethod
    def full(cls, limits: Limits, time: int) -> "Bucket":
        """Return a bucket as it is when its asset is listed."""
        return cls(limits, limits, time, time, limits.capacity, time)

    def limits(self, time: int) -> Limits:
        """Return the limits at a time."""
        if time <= self.start:
            return self.before
        if time >= self.end:
            return self.after
        part, whole = time - self.start, self.end - self.start
        return Limits(
            *(a + (b - a) * part // whole for a, b in zip(self.before, self.after, strict=True))
        )

    def available(self, time: int) -> int:
        """Return what may leave at a time that is no earlier than `looked`."""
        level, done = self.level, self.looked
        for until in (min(time, self.start), min(time, self.end), time):
            if until > done:
                first, last = self._piece(done, until)
                # A straight line's integral: the mean of its ends, times its length.
                more = (first.rate + last.rate) * (until - done) // 2
                level, done = min(level + more, last.capacity), until
        return level

    def charged(self, value: int, time: int) -> "Bucket | None":
        """Return it after so much left, None where it does not hold as much."""
        held = self._at(time)
        return replace(held, level=held.level - value) if value <= held.level else None

    def tightened(self, to: Limits, *, seconds: int, ramp: int, time: int) -> "Bucket":
        """Return it narrowed to these limits at most, for so many seconds at least."""
        start = max(self.start, time + seconds)
        return self._narrowed(to, self.after, (start, start + ramp), time)

    def reset(self, to: Limits, *, ramp: int, time: int) -> "Bucket":
        """Return it with limits that the owner set: narrower ones at once, wider ones by ramp."""
        return self._narrowed(to, to, (time, time + ramp), time)

    def _narrowed(self, now: Limits, later: Limits, span: tuple[int, int], time: int) -> "Bucket":
        before = self.limits(time).narrower(now)
        level = min(self.available(time), before.capacity)
        return Bucket(before, later, *span, level, time)

    def _at(self, time: int) -> "Bucket":
        return replace(self, level=self.available(time), looked=time)

    def _piece(self, start: int, until: int) -> tuple[Limits, Limits]:
        """Return the limits at both ends of a span in which they stand, rise, or stand again."""
        if start >= self.end:
            return self.after, self.after
        return self.limits(start), self.limits(until)
