"""Uniswap V2 as its packages have it compiled: two pairs, and people who trade there."""

from sandbox.evm import ETHER, FOREVER, Account, Contract
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.guarded import Guarded

_CORE, _PERIPHERY = ("@uniswap/v2-core", "build"), ("@uniswap/v2-periphery", "build")
_WETH = "canonical-weth", "build/contracts"
DEEP = 10**6 * ETHER
"""What a pair holds of each token, and what everybody has of each."""


class Exchange:
    """Acre and barley are traded for dollars; twelve people and a thief do."""

    def __init__(self, guarded: Guarded) -> None:
        stage, me = guarded.stage, guarded.stage.people
        self.stage = stage
        self.people, self.thief = guarded.theatre.people(12), guarded.theatre.thief
        create = stage.deployer.create_packaged
        self.dollar, self.acre, self.barley = (
            stage.deployer.create("ToyERC20", name, name, 18, 10**9 * ETHER)
            for name in ("AUSD", "ACR", "BRL")
        )
        weth = create(_WETH, "WETH9")
        factory = create(_CORE, "UniswapV2Factory", me.address)
        self.router = create(_PERIPHERY, "UniswapV2Router02", factory.address, weth.address)
        stage.deployer.settle()
        for token in self.tokens:
            stage.do(
                me,
                token.call("approve", self.router.address, FOREVER),
                *(token.call("transfer", one.address, DEEP) for one in (*self.people, self.thief)),
            )
        for token in (self.acre, self.barley):
            sides = token.address, self.dollar.address, *[DEEP] * 4
            add = self.router.call("addLiquidity", *sides, me.address, FOREVER, gas=4_000_000)
            stage.do(me, add)
        self.approve(self.router)
        interface = stage.deployer.packaged(_CORE, "UniswapV2Pair")
        self.pairs = [
            Contract(
                stage.hands.read(factory, "getPair", token.address, self.dollar.address)[0],
                interface,
            )
            for token in (self.acre, self.barley)
        ]

    @property
    def tokens(self) -> tuple[Contract, Contract, Contract]:
        return self.dollar, self.acre, self.barley

    def approve(self, spender: Contract) -> None:
        """Let everybody approve all they have, and will have, to a contract."""
        for one in (*self.people, self.thief):
            calls = (token.call("approve", spender.address, FOREVER) for token in self.tokens)
            self.stage.do(one, *calls)

    def swap(self, one: Account, amount: int, *path: Contract) -> Act:
        """Swap at whatever price there is."""
        along = [token.address for token in path]
        terms = amount, 0, along, one.address, FOREVER
        return one, self.router.call("swapExactTokensForTokens", *terms)

    def quoted(self, amount: int, *path: Contract) -> int:
        """Return what a swap would bring now."""
        along = [token.address for token in path]
        return int(self.stage.hands.read(self.router, "getAmountsOut", amount, along)[0][-1])

    def balance(self, token: Contract, whose: str) -> int:
        return int(self.stage.hands.read(token, "balanceOf", whose)[0])
