"""What the detector sets say of one transaction, taken together.

Each set alerts by itself, so a quorum may be spread over alerts: amounts in one, events in another.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from schemas.actions import Cited
from schemas.alerts import Alert, Withdrawal

MOST_TRANSACTIONS = 8192
"""Remembered; the oldest is forgotten first. Alerts about one transaction come within moments, in
which somebody may make thousands of others that alert."""

PHASES = "head", "pending"

MOST_VOTES = 64
"""That an alert has room for."""

MOST_CITED = 6
"""Alerts that speak beside one: with it and the linked one, as many as an action can cite. So many
are remembered of each key, and none that was heard is forgotten for a new one."""

MOST_KEPT = 16 * MOST_CITED
"""Alerts remembered of one transaction: where no keys are named, whoever writes makes up some."""


class _Said(NamedTuple):
    """One alert, as far as it speaks beside others; what speaks is cited."""

    key: str
    alert: Alert
    cited: Cited

    def replaces(self, other: "_Said") -> bool:
        """Say whether the set says anew all that it said there."""
        said = {vote.detector for vote in self.alert.votes}
        known = {vote.detector for vote in other.alert.votes}
        return (self.key, self.alert.set) == (other.key, other.alert.set) and said >= known


class Concert:
    """Remembers the votes on the latest transactions that alerted.

    Starts empty; after a restart, what was answered of late is told to it again
    (`responders.recall`). What that misses has to come together anew, which errs on the side of not
    braking.
    """

    def __init__(self) -> None:
        self._heard: OrderedDict[tuple[str, ...], list[_Said]] = OrderedDict()

    def joined(self, alert: Alert, value: bytes = b"", key: str = "") -> Alert:
        """Return the alert, which came as `value` signed by `key`, with what other sets said of the
        same transaction in the same block behind its own votes; and remember it."""
        joined, place = self.recalled(alert), place_of(alert)
        said = _Said(key, alert, Cited(alert=alert.id, sha256=sha256(value).hexdigest()))
        heard = self._heard.setdefault(place, [])
        self._heard.move_to_end(place)
        kept = [one for one in heard if not said.replaces(one)]
        if len(kept) < MOST_KEPT and sum(one.key == key for one in kept) < MOST_CITED:
            heard[:] = [*kept, said]
        if len(self._heard) > MOST_TRANSACTIONS:
            self._heard.popitem(last=False)
        return joined

    def recalled(self, alert: Alert) -> Alert:
        """Return the same without remembering this one."""
        return together(alert, [one.alert for one in self._telling(alert)])

    def beside(self, alert: Alert) -> tuple[Cited, ...]:
        """Return which alerts' votes `joined` puts behind this one's, in their order."""
        return tuple(one.cited for one in self._telling(alert))

    def forget(self, withdrawn: Withdrawal) -> None:
        """Forget what a set said that does not hold any more."""
        for place in places_of(withdrawn):
            said = self._heard.get(place)
            if said is not None:
                said[:] = [one for one in said if one.alert.set != withdrawn.set]

    def _telling(self, alert: Alert) -> list[_Said]:
        """Return which alerts of other sets speak beside one: in turns of the keys that signed
        them, each key's first before any key's second, so that one key silences no other."""
        turns: Counter[str] = Counter()
        places: list[tuple[int, int, _Said]] = []
        for one in self._heard.get(place_of(alert), ()):
            if one.alert.set != alert.set:
                places.append((turns[one.key], len(places), one))
                turns[one.key] += 1
        return [one for *_, one in sorted(places)[:MOST_CITED]]


def together(alert: Alert, others: Iterable[Alert]) -> Alert:
    """Return an alert with the votes of these behind its own, in their order; of a detector of its
    own, its own vote. Its p-value stays its own set's."""
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
