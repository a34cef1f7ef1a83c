"""Telling people of what is wrong with Firebreak itself, for as long as it is, and of its end.

What is told is kept in memory: another replica finds it out anew.
"""

from collections.abc import Callable, Hashable, Mapping

from paging import pages, words
from paging.ladders import Ladder
from paging.rounds import Rounds


class _Trouble:
    """Since when something is wrong, and how often it was told."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.due = since
        self.rung = 0
        self.told: dict[str, None] = {}
        """The channels that know of it, in order."""


class Standing:
    """What is wrong, by a name that stays the same while its words may change."""

    def __init__(self, rounds: Rounds, ladder: Ladder) -> None:
        self._rounds = rounds
        self._ladder = ladder
        self._known: dict[Hashable, _Trouble] = {}

    def turn(
        self, troubles: Mapping[Hashable, str], over: Callable[[Hashable], str], now: int
    ) -> None:
        """Have told what is due; `now` in milliseconds since 1970. `over` says what works again, ''
        where nobody knows."""
        for name, text in troubles.items():
            trouble = self._known.setdefault(name, _Trouble(now))
            if trouble.due <= now:
                line = words.of_trouble(str(name), text, trouble.rung)
                self._rounds.begin(name, self._ladder.tell(trouble.rung), line)
        for name in self._known.keys() - troubles.keys():
            if self._rounds.under_way(name):
                continue  # its end is said after it, not before
            trouble, again = self._known.pop(name), over(name)
            if again:
                line = words.of_return(str(name), again)
                self._rounds.begin(("over", name), tuple(trouble.told), line)

    def told(self, about: Hashable, answers: tuple[tuple[str, bool], ...], now: int) -> None:
        """Note which channels took what was said."""
        trouble = self._known.get(about)
        if trouble is None:
            return
        taken = [name for name, ok in answers if ok]
        trouble.told |= dict.fromkeys(taken)
        trouble.rung += bool(taken)
        trouble.due = now + pages.RETRY
        if taken:
            trouble.due = self._ladder.due(trouble.since, trouble.rung, now)

    def clear(self) -> None:
        """Leave it to somebody else."""
        self._known.clear()
