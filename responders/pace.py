"""How soon to ask again what was asked in vain. No clock: time is that of the newest block."""

from schemas.units import Seconds

FIRST, LONGEST = 1, 300
"""Seconds until it is asked again for the first time, each time twice as many, and at most."""


class Pace:
    """Remembers what was asked in vain, how often, and until when to leave it."""

    def __init__(self) -> None:
        self._waits: dict[str, tuple[Seconds, Seconds]] = {}
        """By name: the last wait, and when it is over."""

    def due(self, name: str, now: Seconds) -> bool:
        """Say whether to ask now."""
        return now >= self._waits.get(name, (0, 0))[1]

    def in_vain(self, name: str, now: Seconds) -> None:
        """Remember that it was asked, and came to nothing."""
        before = self._waits.get(name, (0, 0))[0]
        wait = min(LONGEST, 2 * before) or FIRST
        self._waits[name] = wait, now + wait

    def done(self, name: str) -> None:
        """Forget it."""
        self._waits.pop(name, None)
