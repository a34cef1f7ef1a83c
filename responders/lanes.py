"""In which order alerts are answered, and which of them are answered as one. No clock, no IO.

Whoever wants a brake to come late can make many transactions that alert a little. So what a brake
might be pulled on has a lane of its own and is answered first, the broad brakes' before the narrow
ones'; and alerts that no decision tells apart are answered as one: the strongest of them, in whose
name the others are counted. None is dropped: all stay on their topic, where cases are made of them.

Two alerts are alike when policy, halt rule and guard see the same in them but for how strong they
are: one block, one phase, the same witnesses, the same that loses. A decision never falls with the
strength, so if any of them may pull a brake, the strongest may.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from responders import policy
from responders.concert import Concert
from responders.evidence import families, only_volatility, requested, rules_broken
from responders.halt import strength
from schemas.alerts import Alert
from schemas.incidents import Hop
from schemas.manifest import Manifest

FLOOD = 200
"""Alerts alike that people are told of: so many of one block are made, or a detector is astray."""


class Lane(IntEnum):
    """How soon an alert is answered."""

    BROAD = 0
    NARROW = 1
    REST = 2
    """No brake may be pulled on its evidence, so it waits until nothing else does."""


@dataclass(slots=True)
class Group:
    """Alerts that are alike: the strongest, and how many there are."""

    alert: Alert
    hops: dict[Hop, int]
    withdrawn: bool
    lane: Lane
    count: int = 0
    arrived: float = 0.0
    """When the first of them did, in seconds."""


@dataclass(slots=True)
class Lanes:
    """What waits to be answered."""

    manifests: dict[str, Manifest]
    """By protocol."""
    _concert: Concert = field(default_factory=Concert)
    _groups: dict[tuple[object, ...], Group] = field(default_factory=dict)

    def add(
        self, alert: Alert, hops: dict[Hop, int], now: float, *, withdrawn: bool = False
    ) -> int:
        """Put an alert behind those that are there, with what other detector sets said of its
        transaction; return how many there are that are like it."""
        alert = self._concert.joined(policy.as_of_the_head(alert))
        key = (alike(alert), withdrawn)
        known = self._groups.get(key)
        if known is None:
            manifest = self.manifests.get(alert.protocol)
            lane = Lane.REST if manifest is None or withdrawn else lane_of(alert, manifest)
            known = self._groups[key] = Group(alert, hops, withdrawn, lane, arrived=now)
        elif strength(alert) > strength(known.alert):
            known.alert, known.hops = alert, hops
        known.count += 1
        return known.count

    def take(
        self, worst: Lane, wanted: Callable[[Group], bool] = lambda _: True
    ) -> Iterator[Group]:
        """Yield and forget what waits in these lanes, up to the worst: lane by lane, in the order
        in which they came."""
        for key, group in sorted(self._groups.items(), key=lambda item: item[1].lane):
            if group.lane <= worst and wanted(group):
                del self._groups[key]
                yield group

    def __len__(self) -> int:
        return len(self._groups)


def alike(alert: Alert) -> tuple[object, ...]:
    """Return what has to be equal for two alerts to be answered as one."""
    return (
        alert.chain,
        alert.protocol,
        alert.block,
        alert.block_hash,
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
        if seen >= policy.needed(brake, alert, lapses=True)
        or (brake.scope == "T1" and manifest.halted_by(brake) in asked)
    }
    if "T2" in scopes:
        return Lane.BROAD
    return Lane.NARROW if "T1" in scopes else Lane.REST
