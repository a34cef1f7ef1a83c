"""Tokens, people, and where they trade: Uniswap V2 as its packages have it compiled."""

from abc import ABC, abstractmethod
from typing import ClassVar

from sandbox.evm import ETHER, FOREVER, Account, Contract
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.pools import Pools

DEEP = 10**6 * ETHER
"""What a pair holds of each token, and what everybody has of each."""


class Market(ABC):
    """Acre and barley are traded for dollars; twelve people and a thief do."""

    SELLER: ClassVar[str]
    """The vault of ours that sells its rewards there."""
    ATTACK: ClassVar[str]
    """What is done around those sales, as the table calls it."""

    def __init__(self, guarded: Guarded) -> None:
        self.stage = stage = guarded.stage
        self.people, self.thief = guarded.theatre.people(12), guarded.theatre.thief
        self.dollar, self.acre, self.barley = (
            stage.deployer.create("ToyERC20", name, name, 18, 10**9 * ETHER)
            for name in ("AUSD", "ACR", "BRL")
        )
        stage.deployer.settle()
        for token in self.tokens:
            gifts = (token.call("transfer", one.address, DEEP) for one in self._everybody)
            stage.do(stage.people, *gifts)
        self.router, self.pairs = self._opened()
        self.approve(self.router)

    @property
    def tokens(self) -> tuple[Contract, Contract, Contract]:
        return self.dollar, self.acre, self.barley

    @property
    def _everybody(self) -> tuple[Account, ...]:
        return *self.people, self.thief

    def approve(self, spender: Contract) -> None:
        """Let everybody approve all they have, and will have, to a contract."""
        for one in self._everybody:
            calls = (token.call("approve", spender.address, FOREVER) for token in self.tokens)
            self.stage.do(one, *calls)

    def balance(self, token: Contract, whose: str) -> int:
        return int(self.stage.hands.read(token, "balanceOf", whose)[0])

    @abstractmethod
    def _opened(self) -> tuple[Contract, list[Contract]]:
        """Open a pair of acre and one of barley, as deep; return the router and them."""

    @abstractmethod
    def swap(self, one: Account, amount: int, *path: Contract) -> Act:
        """Swap at whatever price there is."""

    @abstractmethod
    def quoted(self, amount: int, *path: Contract) -> int:
        """Return what a swap would bring now."""

    @abstractmethod
    def around(self, sale: Act, token: Contract, amount: int) -> list[Act]:
        """Return a sale of a token with what a thief does before and after, who sells so much."""


class Exchange(Market):
    """Uniswap V2."""

    SELLER = "HarvestVault"
    ATTACK = "sandwiched sales (Uniswap V2)"

    def _opened(self) -> tuple[Contract, list[Contract]]:
        pools, me = Pools.created(self.stage), self.stage.people
        sides = ((token, self.dollar) for token in (self.acre, self.barley))
        return pools.router, [pools.opened(me, *both, DEEP, DEEP) for both in sides]

    def swap(self, one: Account, amount: int, *path: Contract) -> Act:
        along = [token.address for token in path]
        terms = amount, 0, along, one.address, FOREVER
        return one, self.router.call("swapExactTokensForTokens", *terms)

    def quoted(self, amount: int, *path: Contract) -> int:
        along = [token.address for token in path]
        return int(self.stage.hands.read(self.router, "getAmountsOut", amount, along)[0][-1])

    def around(self, sale: Act, token: Contract, amount: int) -> list[Act]:
        got = self.quoted(amount, token, self.dollar)
        return [
            self.swap(self.thief, amount, token, self.dollar),
            sale,
            self.swap(self.thief, got, self.dollar, token),
        ]
