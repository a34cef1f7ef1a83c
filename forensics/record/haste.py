"""Which roots go on chain out of turn: those of brakes, so many a day.

Steps of brakes come from a topic, and a forged one is a leaf like any other. Out of turn at every
one of them, whoever writes there would empty the account that pays; within a budget they cost a
day's share, and a brake beyond it is on chain at its turn, minutes later. Of that share one
protocol's brakes have a part at most, so that a flood of them leaves the rest to the others. Where
responders' keys are named, a step that none of them signed spends nothing. Where none are, whoever
writes there may make protocols up: a few names use the day up, and true brakes wait their turn.
"""

from forensics.record.pulled import Pulled
from runtime.budget import Budget
from runtime.clock import Clock
from runtime.logs import logger

_log = logger(__name__)


class Haste:
    """Anchors out of turn, within a budget."""

    def __init__(self, pulled: Pulled, budget: Budget, each: int, clock: Clock) -> None:
        """`each`: how many of the budget are for one protocol's brakes in a day, at most."""
        self._pulled = pulled
        self._budget = budget
        self._each = each
        self._clock = clock
        self._counted = -1
        """The nonce that the budget was spent on last: one transaction of each is ever mined."""
        self._told = False

    def left(self) -> int:
        """Return how many the day still has."""
        return self._budget.left(self._now())

    def granted(self, nonce: int, anchored: int, size: int) -> bool:
        """Say whether the account's transaction of this nonce may be sent out of turn, for brakes
        in the leaves from `anchored` up to `size`. It is counted once, and before it is sent,
        however often it is sent again: for the one of their protocols that has spent most and has
        some left, since the others ride along.

        Raises `UnsafeToContinueError` when the disk does not take that, and as `LogReader` does.
        """
        protocols = self._pulled.waiting(anchored, size)
        if not protocols:
            return False
        if nonce == self._counted:
            return True
        now = self._now()
        spent = {name: self._budget.spent(now, name) for name in protocols}
        able = [name for name in sorted(spent) if spent[name] < self._each]
        if not able or not self.left():
            if not self._told:
                reason = "the protocol's part" if self.left() else "the day's budget"
                _log.warning("anchor_waits_for_its_turn", reason=f"{reason} is spent")
            self._told = True
            return False
        self._budget.spend(now, max(able, key=lambda name: spent[name]))
        self._counted, self._told = nonce, False
        return True

    def _now(self) -> int:
        return self._clock.now_ns() // 10**9
