"""Telling people of services that do not do their work, and of their return.

It follows the partition of the beats, which one replica reads.
"""

from collections.abc import Collection, Hashable

from paging.rounds import Rounds
from paging.rules import SERVICE, Desk, Rules
from paging.standing import Standing
from paging.watch import Watch
from runtime.beats import instance
from schemas.operations import Beat


class Silences:
    """Whoever is silent, waits or is deaf."""

    def __init__(self, rules: Rules, rounds: Rounds, desk: Desk) -> None:
        self._rules = rules
        self._standing = Standing(rounds, rules.silence)
        self._clock = desk.clock
        self._metrics = desk.metrics
        self._outward = desk.outward
        self._watch: Watch | None = None
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
        self._standing.clear()
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
        self._standing.turn({name: one.words for name, one in troubles.items()}, str, now)
        self._show({trouble.service for trouble in troubles.values()})

    def told(self, about: Hashable, answers: tuple[tuple[str, bool], ...], now: int) -> None:
        """Note which channels took what was said about a service."""
        self._standing.told(about, answers, now)

    def ping(self) -> None:
        """Ask whoever is outside, while we listen."""
        if self._outward is not None and self._watch is not None:
            self._outward.turn(self._heard_itself)
