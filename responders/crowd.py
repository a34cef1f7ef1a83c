"""Whether more alerts come than can be answered one by one. No clock, no IO."""

CROWD = 50
"""Alerts a second from which on those wait that no brake may be pulled on."""


class Crowd:
    """A bucket that leaks `CROWD` a second."""

    def __init__(self, now: float) -> None:
        """`now` is any clock's, in seconds, and never goes back."""
        self._level = 0.0
        self._at = now

    def overflows(self, more: int, now: float) -> bool:
        """Put so many in; say whether it overflows."""
        left = max(0.0, self._level - CROWD * (now - self._at))
        self._level, self._at = min(left + more, 2.0 * CROWD), now
        return self._level > CROWD
