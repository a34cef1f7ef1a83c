"""What the detector sets say of one transaction, taken together.

Each set alerts by itself, so a quorum may be spread over alerts: amounts in one, events in another.
"""

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from schemas.alerts import Alert, Vote, Withdrawal

MOST_TRANSACTIONS = 8192
"""Remembered; the oldest is forgotten first. Alerts about one transaction come within moments, in
which somebody may make thousands of others that alert."""

PHASES = "head", "pending"

MOST_VOTES = 64
"""That an alert has room for."""


class Concert:
    """Remembers the votes on the latest transactions that alerted.

    Starts empty; after a restart, what was answered of late is told to it again
    (`responders.recall`). What that misses has to come together anew, which errs on the side of not
    braking.
    """

    def __init__(self) -> None:
        self._heard: OrderedDict[tuple[str, ...], dict[tuple[str, str], Vote]] = OrderedDict()

    def joined(self, alert: Alert) -> Alert:
        """Return the alert with what other sets said of the same transaction in the same block,
        behind its own votes. Its p-value stays its own set's."""
        place = place_of(alert)
        joined = self.recalled(alert)
        votes = self._heard.setdefault(place, {})
        self._heard.move_to_end(place)
        if len(self._heard) > MOST_TRANSACTIONS:
            self._heard.popitem(last=False)
        votes |= {(alert.set, vote.detector): vote for vote in alert.votes}
        return joined

    def recalled(self, alert: Alert) -> Alert:
        """Return the same without remembering this one."""
        votes = self._heard.get(place_of(alert))
        if not votes:
            return alert
        own = {vote.detector for vote in alert.votes}
        others = [v for (who, name), v in votes.items() if who != alert.set and name not in own]
        return msgspec.structs.replace(alert, votes=(*alert.votes, *others)[:MOST_VOTES])

    def forget(self, withdrawn: Withdrawal) -> None:
        """Forget what a set said that does not hold any more."""
        for place in places_of(withdrawn):
            votes = self._heard.get(place, {})
            for said in [said for said in votes if said[0] == withdrawn.set]:
                del votes[said]


def place_of(alert: Alert) -> tuple[str, ...]:
    """Return what has to be equal for two alerts to be about one transaction in one block."""
    return alert.chain, alert.protocol, alert.phase, alert.block_hash, alert.tx


def places_of(withdrawn: Withdrawal) -> Iterator[tuple[str, ...]]:
    """Return where an alert that was withdrawn may have been."""
    one = withdrawn
    for phase in PHASES:
        yield one.chain, one.protocol, phase, one.block_hash, one.tx
