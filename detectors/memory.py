"""What a detector remembers by name, bounded, and spared from floods of fresh names.

Anybody can make up addresses without end, so a name has to earn its place. New names wait in a
lobby, where the one not learned for longest gives way; only a name that comes again and again moves
on to the places where it is safe from newcomers. There the one with the fewest lessons gives
way, and goes back to the lobby first; lessons fade, so that what has long been quiet makes room in
the end. What the manifest names is never given up.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

MAX_PLACES = 512
"""Names remembered in all."""

LOBBY = 128
"""Of these, kept for names that have not come often; they may use what others leave free."""

EARNED = 3.0
"""Lessons after which a name has earned a place."""

FADING = 20_000.0
"""Lessons in all, after which the lessons of each name count half."""

FRESH_SHARE = 16.0
"""By how much less the lessons of names without a place count towards that: a flood of fresh ones
must not make the past fade, and a crowd of new ones that keeps coming has to, in the end."""

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by name. What is kept depends on the lessons alone, in their order."""

    def __init__(self, pinned: frozenset[str] = frozenset()) -> None:
        """`pinned`: members (`family:member`) that are never given up; at most half of the places
        are pinned, the rest compete."""
        self._pinned = pinned
        self._safe: set[str] = set()
        """The names among the places that are pinned."""
        self._values: dict[str, T] = {}
        """What is remembered, by name; the places in the order in which they were earned. Never
        replaced by another dict."""
        self.get = self._values.get
        """Returns what is remembered of a name, None of others; bound once, as every feature of
        every transaction is looked up."""
        self._lobby: dict[str, None] = {}
        """The names without a place, the one not learned for longest first."""
        self._lessons: dict[str, float] = {}
        self._total = 0.0

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def is_pinned(self, name: str) -> bool:
        """Say whether the manifest names this member."""
        return name.partition(":")[2] in self._pinned

    def put(self, name: str, value: T, weight: float) -> None:
        """Remember a value that was learned just now, with what it counts for."""
        if name in self._values and name not in self._lobby:
            self._values[name] = value
            self._lessons[name] += weight
            self._total += weight
        else:
            self._welcome(name, value, weight)
            self._bound()
        if self._total >= FADING:
            self._fade()

    def _welcome(self, name: str, value: T, weight: float) -> None:
        """Let a name into the lobby, or from there to a place that it has earned."""
        self._lessons[name] = lessons = self._lessons.get(name, 0.0) + weight
        self._total += weight / FRESH_SHARE
        self._lobby.pop(name, None)
        self._values.pop(name, None)
        self._values[name] = value
        if self.is_pinned(name):
            self._safe.add(name)
        elif lessons < EARNED:
            self._lobby[name] = None

    def _placed(self) -> list[str]:
        return [name for name in self._values if name not in self._lobby]

    def _fade(self) -> None:
        """Let the past count half; who has nearly nothing left goes back to where new names are."""
        self._total /= 2
        self._lessons = {name: count / 2 for name, count in self._lessons.items()}
        quiet = [n for n in self._placed() if self._lessons[n] < 1.0 and n not in self._safe]
        self._lobby = dict.fromkeys(quiet) | self._lobby

    def _bound(self) -> None:
        if len(self._values) <= MAX_PLACES:
            return
        if len(self._lobby) <= LOBBY:
            name = self._least()
            self._lobby[name] = None
            self._safe.discard(name)
            self._lessons[name] = min(self._lessons[name], EARNED / 2)
        gone = next(iter(self._lobby))
        del self._lobby[gone], self._lessons[gone], self._values[gone]

    def _least(self) -> str:
        """Return the name that may go: the one with the fewest lessons, the first of equals.
        Pinned ones may only where they take more than half of the places."""
        crowded = len(self._safe) > MAX_PLACES // 2
        names = [name for name in self._placed() if crowded or name not in self._safe]
        return min(names, key=self._lessons.__getitem__)

    def first(self, names: Iterable[str], most: int, fresh: int) -> list[str]:
        """Return at most so many of these names, the remembered and the pinned before others, and
        of the others no more than `fresh`."""
        known: list[str] = []
        others: list[str] = []
        for name in names:
            (known if name in self or self.is_pinned(name) else others).append(name)
        return (known + others[:fresh])[:most]

    def dump(self, written: Callable[[T], Any]) -> dict[str, Any]:
        """Return everything as JSON, in an order that `load` keeps."""
        return {
            "total": self._total,
            "places": self._rows(self._placed(), written),
            "lobby": self._rows(self._lobby, written),
        }

    def _rows(self, names: Iterable[str], written: Callable[[T], Any]) -> dict[str, Any]:
        return {name: [self._lessons[name], written(self._values[name])] for name in names}

    def load(self, state: dict[str, Any], read: Callable[[str, Any], T]) -> None:
        """Become what `dump` described."""
        self._total = float(state["total"])
        self._values.clear()
        self._lessons.clear()
        for part in (state["places"], state["lobby"]):
            for name, (lessons, saved) in part.items():
                self._values[name] = read(name, saved)
                self._lessons[name] = float(lessons)
        self._lobby = dict.fromkeys(state["lobby"])
        self._safe = set(filter(self.is_pinned, state["places"]))
