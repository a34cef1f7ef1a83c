"""Tokens, people, and where they trade: Uniswap V2 as its packages have it compiled."""

from abc import ABC, abstractmethod
from typing import ClassVar

from sandbox.evm import ETHER, FOREVER, Account, Contract
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.guarded import Guarded

_CORE, _PERIPHERY = ("@uniswap/v2-core", "build"), ("@uniswap/v2-periphery", "build")
_WETH = "canonical-weth", "build/contracts"
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
        weth = stage.deployer.create_packaged(_WETH, "WETH9")
        stage.deployer.settle()
        for token in self.tokens:
            gifts = (token.call("transfer", one.address, DEEP) for one in self._everybody)
            stage.do(stage.people, *gifts)
        self.router, self.pairs = self._opened(weth)
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
    def _opened(self, weth: Contract) -> tuple[Contract, list[Contract]]:
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

    def _opened(self, weth: Contract) -> tuple[Contract, list[Contract]]:
        stage, me = self.stage, self.stage.people
        create = stage.deployer.create_packaged
        factory = create(_CORE, "UniswapV2Factory", me.address)
        router = create(_PERIPHERY, "UniswapV2Router02", factory.address, weth.address)
        stage.deployer.settle()
        stage.do(me, *(token.call("approve", router.address, FOREVER) for token in self.tokens))
        interface, pairs = stage.deployer.packaged(_CORE, "UniswapV2Pair"), []
        for token in (self.acre, self.barley):
            sides = token.address, self.dollar.address
            terms = *sides, *[DEEP] * 4, me.address, FOREVER
            stage.do(me, router.call("addLiquidity", *terms, gas=4_000_000))
            pairs.append(Contract(stage.hands.read(factory, "getPair", *sides)[0], interface))
        return router, pairs

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
