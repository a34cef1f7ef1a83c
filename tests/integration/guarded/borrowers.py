"""Who borrows on Aave V3 and who liquidates, while prices move."""

import math
import random

from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.credit import DEEP, NAMES, Credit
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.lending import DOLLAR

RECKLESS = 3
"""Every third borrows all that he may, again and again."""
MEANS = 3_000 * ETHER
"""What the liquidator has for one debt at once."""
WHOLE = ETHER
"""The health factor below which a position may be liquidated."""
_AS_ATOKEN = False


class Borrowers:
    """Twelve people owe acres, half of them against barley, half against clover. What is random
    has a seed."""

    def __init__(self, guarded: Guarded) -> None:
        self.credit = Credit(guarded)
        self.theatre, self.stage = guarded.theatre, guarded.stage
        self.lending, self.acre = self.credit.lending, self.credit.acre
        self.people, self.thief = self.lending.people, self.lending.thief
        self.liquidator = self.theatre.person("liquidator")
        for one in (*self.people, self.thief, self.liquidator):
            self.credit.endow(one, DEEP)
        self.level = 1.0
        """Of all prices, against what they were at first."""
        self._dice, self._block = random.Random(3), 0
        self._open()

    def _open(self) -> None:
        """Let everybody owe something."""
        maker = self.credit.maker
        self.stage.do(maker, self.lending.call("supply", self.acre, DEEP, maker))
        for number, one in enumerate(self.people):
            worth = (80_000 + 5_000 * number) * ETHER
            share = 79 if number % RECKLESS == 0 else 50 + number
            supplied = self.lending.call("supply", self.held_by(one), worth, one)
            borrowed = self.lending.call("borrow", self.acre, worth * share // 100, one)
            self.stage.do(one, supplied, borrowed)

    def held_by(self, one: Account) -> Contract:
        """Return what somebody borrows against."""
        return self.credit.tokens[self.kind(one)]

    def kind(self, one: Account) -> str:
        return NAMES[self.people.index(one) % 2]

    def price(self, name: str) -> float:
        """Return what everybody thinks that a token is worth now."""
        phase = self._block / 7 if name == "barley" else 1 + self._block / 9
        return self.level * (1 + 0.045 * math.sin(phase))

    def _near(self, name: str, spread: float) -> float:
        return self.price(name) * (1 + self._dice.gauss(0, spread))

    def next_block(self) -> list[Act]:
        """Let the market move; return who tells it on chain: the keeper, and who trades."""
        self._block += 1
        told: list[Act] = []
        for name in NAMES:
            feed = self.credit.brings(name, self._near(name, 5e-4))
            told.append((self.credit.keeper, feed))
            pool = self.credit.follows(name, self._near(name, 5e-4))
            told.append((self.credit.maker, pool))
        return told

    def account(self, one: Account) -> tuple[int, ...]:
        """Return what Aave says of somebody: collateral, debt and what may be borrowed, in the
        oracle's units, two thresholds, and the health factor."""
        pool = self.lending.aave.pool
        return tuple(self.stage.hands.read(pool, "getUserAccountData", one.address))

    def dealings(self) -> list[Act]:
        """Let some supply, borrow, repay and withdraw; who is reckless borrows all he may."""
        acts: list[Act] = []
        for number, one in enumerate(self.people):
            turn, amount = (self._block + number) % 12, self._dice.randint(400, 4_000) * ETHER
            wanted = {
                0: ("supply", self.held_by(one), amount),
                2: ("borrow", self.acre, amount // 2),
                5: ("repay", self.acre, amount // 2),
                7: ("withdraw", self.held_by(one), amount),
            }.get(turn)
            if number % RECKLESS == 0 and turn % 4 == 2:
                available = self.account(one)[2] * ETHER // DOLLAR
                wanted = "borrow", self.acre, available * 98 // 100
            if (
                wanted
                and wanted[2]
                and self.stage.works(one, call := self.lending.call(*wanted, one))
            ):
                acts.append((one, call))
        return acts

    def liquidation(self, of: Account, amount: int = FOREVER) -> Call:
        """Return the call that pays somebody's debt and takes what it is owed against."""
        taken, paid = self.held_by(of).address, self.acre.address
        return self.lending.aave.pool.call(
            "liquidationCall", taken, paid, of.address, amount, _AS_ATOKEN
        )

    def liquidations(self) -> list[Act]:
        """Return what the liquidator does about who is not covered: brings the price, and takes
        over as much of a debt as he has the means for at once."""
        acts: list[Act] = []
        for one in self.people:
            if self.account(one)[5] < WHOLE:
                name = self.kind(one)
                acts.append((self.liquidator, self.credit.brings(name, self.price(name))))
                acts.append((self.liquidator, self.liquidation(one, MEANS)))
        return acts

    def live(self, blocks: int) -> list[object]:
        """Let ordinary life go on, in which nothing fails; return what is said of it."""
        said: list[object] = []
        for _ in range(blocks):
            said += self.theatre.play(*self.next_block())
            said += self.theatre.play(*self.liquidations(), *self.dealings())
        return said

    def tried(self, *besides: Account) -> dict[tuple[str, str], list[bool]]:
        """Say what works now: by what is done, and which token is lent against, for everybody who
        lends against it, but for those `besides`."""
        found: dict[tuple[str, str], list[bool]] = {}
        for one in self.people:
            name = self.kind(one)
            for what in ("supply", "withdraw", "borrow", "repay"):
                token = self.acre if what in ("borrow", "repay") else self.credit.tokens[name]
                if one not in besides:
                    works = self.lending.works(what, token, one)
                    found.setdefault((what, name), []).append(works)
        return found

    def tell(self) -> None:
        """Let the keeper bring both feeds up to date."""
        told = (self.credit.brings(name, self.price(name)) for name in NAMES)
        self.stage.do(self.credit.keeper, *told)

    def liquidated(self) -> set[str]:
        """Return who could be liquidated now, by what they lend against."""
        works, by = self.stage.works, self.liquidator
        return {self.kind(one) for one in self.people if works(by, self.liquidation(one, MEANS))}

    def worth(self, one: Account) -> int:
        """Return what somebody has in his pockets, in acres, at what everybody thinks."""
        prices = {name: int(self.price(name) * DOLLAR) for name in NAMES}
        read = self.stage.hands.read
        held = sum(
            int(read(token, "balanceOf", one.address)[0]) * prices[name] // DOLLAR
            for name, token in self.credit.tokens.items()
        )
        return held + int(read(self.acre, "balanceOf", one.address)[0])
