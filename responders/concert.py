"""What the detector sets say of one transaction, taken together.

Each set alerts by itself, so a quorum may be spread over alerts: amounts in one, events in another.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from responders.evidence import families
from schemas.actions import Cited
from schemas.alerts import Alert, Vote, Withdrawal

MOST_TRANSACTIONS = 8192
"""Remembered; the oldest is forgotten first. Alerts about one transaction come within moments, in
which somebody may make thousands of others that alert."""

PHASES = "head", "pending"

MOST_VOTES = 64
"""That an alert has room for."""

MOST_KEPT = 16
"""Alerts remembered of one transaction; ours are three sets. Beyond these a new one is not heard,
and none that was heard is forgotten for it: whoever has one key must not silence others."""

MOST_CITED = 6
"""Alerts that speak beside one: with it and the linked one, as many as an action can cite."""


class _Said(NamedTuple):
    """One alert, as far as it speaks beside others; what speaks is cited."""

    set: str
    votes: tuple[Vote, ...]
    cited: Cited

    def replaces(self, other: "_Said") -> bool:
        """Say whether the set says anew all that it said there."""
        said = {vote.detector for vote in self.votes}
        return self.set == other.set and said >= {vote.detector for vote in other.votes}


class Concert:
    """Remembers the votes on the latest transactions that alerted.

    Starts empty; after a restart, what was answered of late is told to it again
    (`responders.recall`). What that misses has to come together anew, which errs on the side of not
    braking.
    """

    def __init__(self) -> None:
        self._heard: OrderedDict[tuple[str, ...], list[_Said]] = OrderedDict()

    def joined(self, alert: Alert, value: bytes = b"") -> Alert:
        """Return the alert, which came as `value`, with what other sets said of the same
        transaction in the same block, behind its own votes. Its p-value stays its own set's."""
        joined, place = self.recalled(alert), place_of(alert)
        said = _Said(
            alert.set, alert.votes, Cited(alert=alert.id, sha256=sha256(value).hexdigest())
        )
        heard = self._heard.setdefault(place, [])
        self._heard.move_to_end(place)
        kept = [one for one in heard if not said.replaces(one)]
        if len(kept) < MOST_KEPT:
            heard[:] = [*kept, said]
        if len(self._heard) > MOST_TRANSACTIONS:
            self._heard.popitem(last=False)
        return joined

    def recalled(self, alert: Alert) -> Alert:
        """Return the same without remembering this one."""
        return _with(alert, self._telling(alert))

    def beside(self, alert: Alert) -> tuple[Cited, ...]:
        """Return which alerts' votes `joined` puts behind this one's."""
        return tuple(one.cited for one in self._telling(alert))

    def forget(self, withdrawn: Withdrawal) -> None:
        """Forget what a set said that does not hold any more."""
        for place in places_of(withdrawn):
            said = self._heard.get(place)
            if said is not None:
                said[:] = [one for one in said if one.set != withdrawn.set]

    def _telling(self, alert: Alert) -> list[_Said]:
        """Return which alerts of other sets speak beside one: each time the one that brings most
        witnesses. So repeating others displaces nobody, and whoever puts those that are cited
        together again, in any order, has the same votes."""
        said = self._heard.get(place_of(alert), ())
        others = sorted(
            (one for one in said if one.set != alert.set), key=lambda one: one.cited.alert
        )
        telling: list[_Said] = []
        while others and len(telling) < MOST_CITED:
            best = max(others, key=lambda one: families(_with(alert, [*telling, one])))
            others.remove(best)
            telling.append(best)
        return telling


def _with(alert: Alert, others: Iterable[_Said]) -> Alert:
    """Return an alert with these behind its own votes; of a detector of its own, its own vote."""
    own = {vote.detector for vote in alert.votes}
    told = [vote for other in others for vote in other.votes if vote.detector not in own]
    return (
        msgspec.structs.replace(alert, votes=(*alert.votes, *told)[:MOST_VOTES]) if told else alert
    )


def place_of(alert: Alert) -> tuple[str, ...]:
    """Return what has to be equal for two alerts to be about one transaction in one block."""
    return alert.chain, alert.protocol, alert.phase, alert.block_hash, alert.tx


def places_of(withdrawn: Withdrawal) -> Iterator[tuple[str, ...]]:
    """Return where an alert that was withdrawn may have been."""
    one = withdrawn
    for phase in PHASES:
        yield one.chain, one.protocol, phase, one.block_hash, one.tx
