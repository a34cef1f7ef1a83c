"""Which roots go on chain out of turn: those of brakes, so many a day.

Steps of brakes come from a topic, and a forged one is a leaf like any other. Out of turn at every
one of them, whoever writes there would empty the account that pays; within a budget they cost a
day's share, and a brake beyond it is on chain at its turn, minutes later.
"""

from runtime.budget import Budget
from runtime.clock import Clock
from runtime.logs import logger

_log = logger(__name__)


class Haste:
    """Anchors out of turn, within a budget."""

    def __init__(self, budget: Budget, clock: Clock) -> None:
        self._budget = budget
        self._clock = clock
        self._counted = -1
        """The nonce that the budget was spent on last: one transaction of each is ever mined."""
        self._told = False

    def left(self) -> int:
        """Return how many the day still has."""
        return self._budget.left(self._now())

    def granted(self, nonce: int) -> bool:
        """Say whether the account's transaction of this nonce may be sent out of turn. It is
        counted once, and before it is sent, however often it is sent again.

        Raises `UnsafeToContinueError` when the disk does not take that.
        """
        if nonce == self._counted:
            return True
        if not self.left():
            if not self._told:
                _log.warning("anchor_waits_for_its_turn", reason="the day's budget is spent")
            self._told = True
            return False
        self._budget.spend(self._now())
        self._counted, self._told = nonce, False
        return True

    def _now(self) -> int:
        return self._clock.now_ns() // 10**9
