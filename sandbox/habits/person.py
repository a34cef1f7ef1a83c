"""Somebody with habits, and what comes of a habit."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from sandbox.evm import ETHER, Account, Call, Contract
from sandbox.scene import Scene

_POCKET_MONEY = 2 * ETHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A call, and the tokens that its receivers must be allowed to take for it."""

    call: Call
    takes: tuple[tuple[Contract, str], ...] = ()
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who looks at the scene, with a source of chance."""

    account: Account
    scene: Scene
    chance: np.random.Generator

    def part(self, whole: int, typical: float = 0.05) -> int:
        """Return some part of an amount, most often about the typical share."""
        share = min(0.9, float(self.chance.lognormal(log(typical), 1.0)))
        return int(whole * share)

    def owns(self, token: Contract) -> int:
        """Return how much of a token there is to spend."""
        return self.scene.balance(self.account, token)

    @property
    def ether(self) -> int:
        """Ether to spend, beyond what fees need."""
        return max(0, self.scene.of(self.account).ether - _POCKET_MONEY)

    def pick(self, count: int) -> int:
        """Return one of 0..count-1."""
        return int(self.chance.integers(count))


Habit = Callable[[Person], Intent | None]
