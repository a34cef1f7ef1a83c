"""Telling people of services that do not do their work, and of their return.

What is told is kept in memory: another replica finds it out anew. It follows the partition of the
beats, which one replica reads.
"""

from collections.abc import Collection, Hashable

from paging import pages, words
from paging.rounds import Rounds
from paging.rules import SERVICE, Desk, Rules
from paging.watch import Watch
from runtime.beats import instance
from schemas.operations import Beat


class _Silence:
    """That a service does not do its work, and how often it was told."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.due = since
        self.rung = 0
        self.told: dict[str, None] = {}
        """The channels that know of it, in order."""


class Silences:
    """Whoever is silent, waits or is deaf."""

    def __init__(self, rules: Rules, rounds: Rounds, desk: Desk) -> None:
        self._rules = rules
        self._rounds = rounds
        self._clock = desk.clock
        self._metrics = desk.metrics
        self._outward = desk.outward
        self._watch: Watch | None = None
        self._known: dict[str, _Silence] = {}
        self._heard_itself = float("-inf")
        self._show(frozenset())

    def _show(self, silent: Collection[str]) -> None:
        for service in self._rules.watch:
            self._metrics.silent.labels(service).set(service in silent)

    def listen(self) -> None:
        """Listen from now on."""
        self._watch = Watch(self._rules.watch, self._rules.period, self._clock.monotonic())

    def stop(self) -> None:
        """Leave it to somebody else."""
        self._watch = None
        self._known.clear()
        self._show(frozenset())

    def hear(self, beat: Beat) -> None:
        """Take in one beat."""
        if self._watch is None:
            return
        self._watch.hear(beat, self._clock.monotonic())
        if (beat.service, beat.instance) == (SERVICE, instance()):
            self._heard_itself = self._clock.monotonic()

    def turn(self, now: int) -> None:
        """Have told what is due; `now` in milliseconds since 1970."""
        if self._watch is None:
            return
        troubles = self._watch.troubles(self._clock.monotonic())
        for name, trouble in troubles.items():
            silence = self._known.setdefault(name, _Silence(now))
            if silence.due <= now:
                line = words.of_silence(trouble.words, silence.rung)
                self._rounds.begin(name, self._rules.silence.tell(silence.rung), line)
        for name in self._known.keys() - troubles.keys():
            if self._rounds.under_way(name):
                continue  # its end is said after it, not before
            silence = self._known.pop(name)
            self._rounds.begin(("over", name), tuple(silence.told), words.of_return(name))
        self._show({trouble.service for trouble in troubles.values()})

    def told(self, about: Hashable, answers: tuple[tuple[str, bool], ...], now: int) -> None:
        """Note which channels took what was said about a service."""
        silence = self._known.get(about) if isinstance(about, str) else None
        if silence is None:
            return
        taken = [name for name, ok in answers if ok]
        silence.told |= dict.fromkeys(taken)
        silence.rung += bool(taken)
        silence.due = now + pages.RETRY
        if taken:
            silence.due = self._rules.silence.due(silence.since, silence.rung, now)

    def ping(self) -> None:
        """Ask whoever is outside, while we listen."""
        if self._outward is not None and self._watch is not None:
            self._outward.turn(self._heard_itself)
