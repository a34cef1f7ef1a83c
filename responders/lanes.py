"""In which order alerts are answered, and which of them are answered as one. No clock, no IO.

Whoever wants a brake to come late can make many transactions that alert a little. So what a brake
might be pulled on has a lane of its own and is answered first, the broad brakes' before the narrow
ones'; and alerts that no decision tells apart are answered as one: the strongest of them, in whose
name the others are counted. None is dropped: all stay on their topic, where cases are made of them.

Two alerts are alike when policy, halt rule and guard see the same in them but for how strong they
are: one block, one phase, the same witnesses, the same that loses. A decision never falls with the
strength, so if any of them may pull a brake, the strongest may; of those brakes that say what they
guard, the strongest that is about that, which speaks beside it. Where a protocol's brake takes its
call from what the transaction did, each is answered by itself: another has nothing to say for it.

A signature takes longer to check than all the rest. What by its own words may pull a brake, alone
or with what another detector set said of the same transaction, or with an alert on another one that
is tied to it (`responders.linkage`), is checked before it counts for anything, and before anything
of that is joined; of the others only those that are answered.
"""

from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from itertools import islice

import msgspec

from responders import policy
from responders.concert import MOST_TRANSACTIONS, MOST_VOTES, Concert, place_of, places_of
from responders.groups import Group, Lane, alike, lane_of
from responders.linkage import Heard, Link, Linkage
from runtime.broker import Message
from runtime.signatures import key_name
from schemas.alerts import Alert, Withdrawal
from schemas.manifest import Manifest
from schemas.units import Height

FLOOD = 200
"""Alerts alike that people are told of: so many of one block are made, or a detector is astray."""

CANDIDATES = 8
"""Of alerts alike that are not checked yet, so many of the strongest are kept to be answered; of
those that each speak for themselves, `FLOOD`."""

MOST_SETS = 16
"""Detector sets whose alerts on one transaction are kept until somebody needs them; ours are three,
and whoever only writes to the topic can make up names."""

Check = Callable[[Message, Alert], bool]
"""Whether an alert may be believed; keeps what may not."""


class Lanes:
    """What waits to be answered."""

    def __init__(
        self, manifests: dict[str, Manifest], check: Check, apart: Container[str] = ()
    ) -> None:
        """`manifests` by protocol; of those `apart` each alert that may brake is answered."""
        self._manifests = manifests
        self._apart = apart
        self._check = check
        self._concert = Concert()
        self._linkage = Linkage(
            lambda one: check(one.message, one.alert),
            lambda one: self._stands(one.alert.id, one.number),
        )
        self._number = 0
        self._withdrawn: OrderedDict[str, int] = OrderedDict()
        self._groups: dict[tuple[object, ...], Group] = {}
        self._unchecked: OrderedDict[tuple[str, ...], dict[str, Heard]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, heard: Heard, now: float) -> None:
        """Put an alert behind those that are there."""
        heard = self._numbered(heard)
        alert = heard.alert
        others = self._others(alert)
        own = self._lane(heard)
        lane = self._lane(heard, others.values()) if others else own
        link = None if own is Lane.BROAD else self._link(heard)
        if not heard.withdrawn:
            self._remember(heard)
        if lane is Lane.REST and link is None:
            if len(others) >= MOST_SETS:
                self._settle(others)
            if not heard.withdrawn:
                others[alert.set] = heard
            self._put(heard, Lane.REST, now)
            return
        self._settle(others)
        if self._check(heard.message, alert):
            told = replace(self._joined(heard), link=link)
            self._put(told, self._lane(told), now)

    def recall(self, heard: Heard, head: Height) -> None:
        """Know an alert again that was answered before, and may be believed.

        Older than any that could be tied to an alert which may still brake at `head`, it is passed
        over.
        """
        manifest = self._manifests.get(heard.alert.protocol)
        if manifest is None or head - heard.alert.block > 2 * manifest.limits.alert_blocks:
            return
        heard = self._numbered(heard)
        self._joined(heard)
        self._remember(heard)

    def release(self, partitions: Container[int]) -> None:
        """Forget what may be tied of these partitions: if they come back, it is recalled. What was
        said of one transaction is kept; it is known by who said it."""
        self._linkage.forget(lambda one: one.message.partition in partitions)

    def withdraw(self, withdrawn: Withdrawal) -> None:
        """Take an alert that came before for one that does not hold, wherever it waits or may be
        taken together with others. The withdrawal has to be one that may be believed."""
        self._withdrawn[withdrawn.alert] = self._number
        self._withdrawn.move_to_end(withdrawn.alert)
        if len(self._withdrawn) > MOST_TRANSACTIONS:
            self._withdrawn.popitem(last=False)
        self._concert.forget(withdrawn)
        for place in places_of(withdrawn):
            self._unchecked.get(place, {}).pop(withdrawn.set, None)

    def take(
        self, worst: Lane, wanted: Callable[[Group], bool] = lambda _: True
    ) -> Iterator[tuple[Heard, int]]:
        """Yield and forget what waits in these lanes, up to the worst, lane by lane, in the order
        in which it came: the alert that speaks for those alike, and how many they are."""
        for key, group in sorted(self._groups.items(), key=lambda item: item[1].lane):
            if group.lane <= worst and wanted(group):
                del self._groups[key]
                candidates = [self._as_it_stands(one) for one in group.candidates]
                if group.lane is Lane.REST:
                    candidates = list(islice(self._believed(candidates), 1))
                if candidates:
                    yield candidates[0], group.count - len(candidates) + 1
                    yield from ((one, 1) for one in candidates[1:])

    def _believed(self, candidates: Iterable[Heard]) -> Iterator[Heard]:
        """Yield those that may be believed, with what other sets said of their transactions."""
        for heard in candidates:
            if self._check(heard.message, heard.alert):
                yield heard if heard.withdrawn else self._joined(heard)

    def _joined(self, heard: Heard) -> Heard:
        """Return an alert that may be believed with what other sets said of its transaction."""
        beside = self._concert.beside(heard.alert)
        value, key = heard.message.value or b"", key_name(heard.message)
        alert = self._concert.joined(heard.alert, value, key)
        return replace(heard, alert=alert, beside=beside)

    def _as_it_stands(self, heard: Heard) -> Heard:
        """Return what waited, as withdrawn where it was since; without a link that was."""
        link = heard.link
        if link is not None and not self._stands(link.alert.id, link.number):
            heard = replace(heard, link=None)
        if self._stands(heard.alert.id, heard.number):
            return heard
        return replace(heard, withdrawn=True)

    def _stands(self, alert: str, number: int) -> bool:
        return number > self._withdrawn.get(alert, -1)

    def _numbered(self, heard: Heard) -> Heard:
        self._number += 1
        return replace(heard, alert=policy.as_of_the_head(heard.alert), number=self._number)

    def _settle(self, others: dict[str, Heard]) -> None:
        """Check what was said and not checked yet; join what may be believed."""
        for other in others.values():
            if self._check(other.message, other.alert):
                self._joined(other)
        others.clear()

    def _remember(self, heard: Heard) -> None:
        manifest = self._manifests.get(heard.alert.protocol)
        if manifest is not None:
            self._linkage.add(heard, manifest.limits.alert_blocks)

    def _link(self, heard: Heard) -> Link | None:
        """Return what speaks for an alert on another transaction, where it needs that."""
        manifest = self._manifests.get(heard.alert.protocol)
        if manifest is None or heard.withdrawn:
            return None
        alert = self._concert.recalled(heard.alert)
        return self._linkage.find(alert, manifest.limits.alert_blocks)

    def _put(self, heard: Heard, lane: Lane, now: float) -> None:
        link = heard.link and (heard.link.alert.id, heard.link.among)
        key = (alike(heard.alert), heard.withdrawn, lane, link)
        group = self._groups.get(key)
        manifest = self._manifests.get(heard.alert.protocol)
        if group is None:
            alone = heard.alert.protocol in self._apart
            most = CANDIDATES if lane is Lane.REST else FLOOD if alone else 1
            group = self._groups[key] = Group(lane, now, most)
        group.add(heard, policy.guarded(heard.alert, manifest) if manifest else frozenset())

    def _others(self, alert: Alert) -> dict[str, Heard]:
        """Return what other sets said of its transaction and nobody has checked yet."""
        place = place_of(alert)
        found = self._unchecked.setdefault(place, {})
        found.pop(alert.set, None)
        self._unchecked.move_to_end(place)
        if len(self._unchecked) > MOST_TRANSACTIONS:
            self._unchecked.popitem(last=False)
        return found

    def _lane(self, heard: Heard, others: Iterable[Heard] = ()) -> Lane:
        """Return the lane of an alert with all that was said of its transaction."""
        manifest = self._manifests.get(heard.alert.protocol)
        if manifest is None or heard.withdrawn:
            return Lane.REST
        alert = self._concert.recalled(heard.alert)
        said = (vote for other in others for vote in other.alert.votes)
        alert = msgspec.structs.replace(alert, votes=(*alert.votes, *said)[:MOST_VOTES])
        return lane_of(heard.link.seen_with(alert) if heard.link else alert, manifest)
