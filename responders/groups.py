"""How soon alerts are answered, and which of those that are answered as one are kept to speak for
all. No clock, no IO."""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from responders import policy
from responders.evidence import families, only_volatility, requested, rules_broken
from responders.halt import strength
from responders.linkage import Heard
from schemas.alerts import Alert
from schemas.manifest import Manifest


class Lane(IntEnum):
    """How soon an alert is answered."""

    BROAD = 0
    NARROW = 1
    REST = 2
    """No brake may be pulled on its evidence, so it waits until nothing else does."""


class _Candidate(NamedTuple):
    strength: float
    guarded: frozenset[str]
    """Brakes that say what they guard, for which it may speak."""
    heard: Heard


@dataclass(slots=True)
class Group:
    """Alerts that are alike: who may speak for them, the strongest first, and how many they are.

    Keeps the `most` strongest, and behind them whoever speaks for a brake of its own: or somebody
    could hide what is about one contract behind what is about another.
    """

    lane: Lane
    arrived: float
    """When the first of them did, in seconds."""
    most: int
    count: int = 0
    _ranked: list[_Candidate] = field(default_factory=list)

    @property
    def candidates(self) -> list[Heard]:
        """Who may speak, the strongest first, of equals the one that came first."""
        return [one.heard for one in self._ranked]

    def add(self, heard: Heard, guarded: frozenset[str]) -> None:
        """Count an alert, and keep it if it may speak; `guarded` names the brakes that say what
        they guard, for which it may."""
        self.count += 1
        rank, full = strength(heard.alert), len(self._ranked) >= self.most
        if full and not guarded and rank <= self._ranked[self.most - 1].strength:
            return
        insort(self._ranked, _Candidate(rank, guarded, heard), key=lambda one: -one.strength)
        if full:
            self._ranked = list(self._kept())

    def _kept(self) -> Iterator[_Candidate]:
        spoken_for: set[str] = set()
        for place, one in enumerate(self._ranked):
            if place < self.most or not one.guarded <= spoken_for:
                yield one
            spoken_for |= one.guarded


def alike(alert: Alert) -> tuple[object, ...]:
    """Return what has to be equal for two alerts to be answered as one."""
    return (
        alert.chain,
        alert.protocol,
        alert.block,
        alert.block_hash,
        alert.timestamp,
        alert.phase,
        alert.subject,
        families(alert),
        min(1, rules_broken(alert)),
        requested(alert),
        only_volatility(alert),
        frozenset(alert.losing),
    )


def lane_of(alert: Alert, manifest: Manifest) -> Lane:
    """Return how soon an alert is answered: by the broadest brake that its evidence might pull."""
    seen, asked = families(alert), requested(alert)
    scopes = {
        brake.scope
        for brake in manifest.brakes
        if policy.concerns(alert, brake, manifest)
        and (
            seen >= policy.needed(brake, alert, lapses=True)
            or (brake.scope == "T1" and manifest.halted_by(brake) in asked)
        )
    }
    if "T2" in scopes:
        return Lane.BROAD
    return Lane.NARROW if "T1" in scopes else Lane.REST
