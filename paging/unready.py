"""Brakes that would not work, as the responder's drills find them. Pure; times are the listener's
own.

It is known at once. It stands until nobody said so for three drills: a brake that comes and goes is
one trouble, and one word that all is well takes back no other. Where nobody says anything any more
it is forgotten without a word: that the responder is silent is told by itself.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

from schemas.readiness import Readiness

STANDS = 180.0
"""Seconds: three drills. How brakes stand is told four times a minute and more."""

MOST_BRAKES = 1024
"""In trouble at one time; beyond that no other is listened to."""


class _Brake(NamedTuple):
    chain: str
    protocol: str
    name: str

    def __str__(self) -> str:
        return f"{self.protocol} on {self.chain}: the brake {self.name}"


@dataclass(slots=True)
class _Unready:
    why: str
    told: float
    ready: bool = False
    """Whether the newest word of it is that it would work."""


class Unready:
    """Listens to how brakes stand."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Unready] = {}

    def hear(self, record: Readiness, now: float) -> None:
        """Take in how one protocol's brakes stand."""
        for one in record.brakes:
            name = _Brake(record.chain, record.protocol, one.brake)
            known = self._known.get(name)
            if not one.trouble:
                if known is not None and one.rehearsed is not None:
                    known.ready = True
            elif known is not None or len(self._known) < MOST_BRAKES:
                self._known[name] = _Unready(one.trouble, now)

    def troubles(self, now: float) -> dict[Hashable, str]:
        """Return why brakes would not work, by brake."""
        return {
            name: f"{name} would not work now: {one.why}"
            for name, one in self._known.items()
            if now - one.told <= STANDS
        }

    def over(self, name: Hashable) -> str:
        """Forget a trouble that stands no more; return what works again, '' where nobody knows."""
        return str(name) if self._known.pop(name).ready else ""

    def forget(self) -> None:
        """Leave it to somebody else."""
        self._known.clear()
