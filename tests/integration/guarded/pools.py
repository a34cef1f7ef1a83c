"""Pools of Uniswap V2, as its packages have them compiled, that follow a price."""

from dataclasses import dataclass
from math import isqrt

from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from tests.contract.stage import Stage

_CORE = "@uniswap/v2-core", "build"
_PERIPHERY = "@uniswap/v2-periphery", "build"


@dataclass(frozen=True, slots=True)
class Pools:
    """A factory, and a router that knows no wrapped ether."""

    stage: Stage
    factory: Contract
    router: Contract

    @classmethod
    def created(cls, stage: Stage) -> "Pools":
        create, me = stage.deployer.create_packaged, stage.people.address
        factory = create(_CORE, "UniswapV2Factory", me)
        router = create(_PERIPHERY, "UniswapV2Router02", factory.address, me)
        stage.deployer.settle()
        return cls(stage, factory, router)

    def opened(self, one: Account, base: Contract, quote: Contract, *amounts: int) -> Contract:
        """Let somebody open a pool with so much of each; return it."""
        sides = base.address, quote.address
        terms = *sides, *amounts, *amounts, one.address, FOREVER
        approved = (token.call("approve", self.router.address, FOREVER) for token in (base, quote))
        self.stage.do(one, *approved, self.router.call("addLiquidity", *terms, gas=4_000_000))
        interface = self.stage.deployer.packaged(_CORE, "UniswapV2Pair")
        return Contract(self.stage.hands.read(self.factory, "getPair", *sides)[0], interface)

    def swapped(
        self, pool: Contract, base: Contract, quote: Contract, price: int, trader: str
    ) -> Call:
        """Return the swap that brings a pool to a price, but for its fee: so many of the quote's
        smallest units for 10**18 of the base's."""
        reserves = self.stage.hands.read(pool, "getReserves")
        if self.stage.hands.read(pool, "token0")[0].lower() != base.address.lower():
            reserves = (reserves[1], reserves[0])
        of_base, of_quote = reserves[:2]
        wanted = isqrt(of_base * of_quote * price // ETHER)
        path, amount = [quote.address, base.address], wanted - of_quote
        if amount < 0:
            path, amount = path[::-1], of_base * of_quote // wanted - of_base
        return self.router.call("swapExactTokensForTokens", amount, 0, path, trader, FOREVER)
