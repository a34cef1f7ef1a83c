"""Time, as something that is handed in.

Services measure their own hops with it; nothing that decides reads it. Detectors know event time
only.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """The two clocks a service needs."""

    def now_ns(self) -> int:
        """Return nanoseconds since 1970, for times that people and other machines read."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for intervals."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ns(self) -> int:
        """Return nanoseconds since 1970."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Return seconds since some fixed point."""
        return time.monotonic()
