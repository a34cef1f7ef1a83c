"""What the detector sets say of one transaction, taken together.

Each set alerts by itself, so a quorum may be spread over alerts: amounts in one, events in another.
"""

from collections import OrderedDict
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from schemas.actions import Cited
from schemas.alerts import Alert, Vote, Withdrawal

MOST_TRANSACTIONS = 8192
"""Remembered; the oldest is forgotten first. Alerts about one transaction come within moments, in
which somebody may make thousands of others that alert."""

PHASES = "head", "pending"

MOST_VOTES = 64
"""That an alert has room for."""

MOST_KEPT = 4 * MOST_VOTES
"""Votes remembered of one transaction, by set and detector. Beyond these a new detector is not
heard, and none that was heard is forgotten for it: whoever has one key must not silence others."""

MOST_CITED = 6
"""Alerts, the latest: with the alert itself and the linked one as many as an action has room to
cite."""


class _Said(NamedTuple):
    vote: Vote
    cited: Cited


class Concert:
    """Remembers the votes on the latest transactions that alerted.

    Starts empty; after a restart, what was answered of late is told to it again
    (`responders.recall`). What that misses has to come together anew, which errs on the side of not
    braking.
    """

    def __init__(self) -> None:
        self._heard: OrderedDict[tuple[str, ...], dict[tuple[str, str], _Said]] = OrderedDict()

    def joined(self, alert: Alert, value: bytes = b"") -> Alert:
        """Return the alert, which came as `value`, with what other sets said of the same
        transaction in the same block, behind its own votes. Its p-value stays its own set's."""
        place = place_of(alert)
        joined = self.recalled(alert)
        said = self._heard.setdefault(place, {})
        self._heard.move_to_end(place)
        if len(self._heard) > MOST_TRANSACTIONS:
            self._heard.popitem(last=False)
        cited = Cited(alert=alert.id, sha256=sha256(value).hexdigest())
        for vote in alert.votes:
            who = alert.set, vote.detector
            if who in said or len(said) < MOST_KEPT:
                said[who] = _Said(vote, cited)
        return joined

    def recalled(self, alert: Alert) -> Alert:
        """Return the same without remembering this one."""
        own = {vote.detector for vote in alert.votes}
        others = [one.vote for one in self._others(alert) if one.vote.detector not in own]
        if not others:
            return alert
        return msgspec.structs.replace(alert, votes=(*alert.votes, *others)[:MOST_VOTES])

    def beside(self, alert: Alert) -> tuple[Cited, ...]:
        """Return which alerts' votes `joined` puts behind this one's, in their order."""
        return tuple(dict.fromkeys(one.cited for one in self._others(alert)))[-MOST_CITED:]

    def forget(self, withdrawn: Withdrawal) -> None:
        """Forget what a set said that does not hold any more."""
        for place in places_of(withdrawn):
            said = self._heard.get(place, {})
            for key in [key for key in said if key[0] == withdrawn.set]:
                del said[key]

    def _others(self, alert: Alert) -> list[_Said]:
        said = self._heard.get(place_of(alert), {})
        return [one for (who, _), one in said.items() if who != alert.set]


def place_of(alert: Alert) -> tuple[str, ...]:
    """Return what has to be equal for two alerts to be about one transaction in one block."""
    return alert.chain, alert.protocol, alert.phase, alert.block_hash, alert.tx


def places_of(withdrawn: Withdrawal) -> Iterator[tuple[str, ...]]:
    """Return where an alert that was withdrawn may have been."""
    one = withdrawn
    for phase in PHASES:
        yield one.chain, one.protocol, phase, one.block_hash, one.tx
