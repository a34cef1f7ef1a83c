"""Uniswap V3 as its packages have it compiled, and liquidity that is there for one sale."""

from sandbox.evm import FOREVER, Account, Contract
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.exchange import DEEP, Market

_CORE = "@uniswap/v3-core", "artifacts/contracts"
_PERIPHERY = "@uniswap/v3-periphery", "artifacts/contracts"
_WETH = "canonical-weth", "build/contracts"
FEE, SPACING = 3_000, 60
"""Millionths of a swap, and ticks between two prices at which ranges may end, with that fee."""
EVERY = 887_272 // SPACING * SPACING
"""Between this tick and its negative are all prices."""
ROOT = 2**96
"""Of the price one."""
THICK = 100 * DEEP
"""How much liquidity the thief provides; `DEEP` is always there."""


class Concentrated(Market):
    """Uniswap V3; one provider's liquidity lies at all prices."""

    SELLER = "ConcentratedHarvestVault"
    ATTACK = "sales sandwiched with just-in-time liquidity (Uniswap V3)"

    def _opened(self) -> tuple[Contract, list[Contract]]:
        stage, me, make = self.stage, self.stage.people, self.stage.deployer
        factory = make.create_packaged(_CORE, "UniswapV3Factory.sol/UniswapV3Factory")
        weth = make.create_packaged(_WETH, "WETH9")
        parts = factory.address, weth.address
        router = make.create_packaged(_PERIPHERY, "SwapRouter.sol/SwapRouter", *parts)
        self._quoter = make.create_packaged(_PERIPHERY, "lens/Quoter.sol/Quoter", *parts)
        name = "NonfungiblePositionManager.sol/NonfungiblePositionManager"
        self._positions = make.create_packaged(_PERIPHERY, name, *parts, weth.address)
        make.settle()
        for token in self.tokens:
            stage.do(me, token.call("approve", self._positions.address, FOREVER))
        pools = [self._pool(factory, token) for token in (self.acre, self.barley)]
        self._moment = make.create("JustInTime", pools[0].address, THICK)
        make.settle()
        for token in (self.acre, self.dollar):
            stage.do(me, token.call("transfer", self._moment.address, 10 * DEEP))
        return router, pools

    def _pool(self, factory: Contract, token: Contract) -> Contract:
        stage, me = self.stage, self.stage.people
        sides = sorted((token.address, self.dollar.address), key=lambda one: int(one, 16))
        begin = *sides, FEE, ROOT
        create = "createAndInitializePoolIfNecessary"
        stage.do(me, self._positions.call(create, *begin, gas=9_000_000))
        terms = *sides, FEE, -EVERY, EVERY, DEEP, DEEP, 0, 0, me.address, FOREVER
        stage.do(me, self._positions.call("mint", terms))
        address = stage.hands.read(factory, "getPool", *sides, FEE)[0]
        return Contract(address, stage.deployer.packaged(_CORE, "UniswapV3Pool.sol/UniswapV3Pool"))

    def swap(self, one: Account, amount: int, *path: Contract) -> Act:
        sides = (token.address for token in path)
        terms = *sides, FEE, one.address, FOREVER, amount, 0, 0
        return one, self.router.call("exactInputSingle", terms)

    def quoted(self, amount: int, *path: Contract) -> int:
        sides = (token.address for token in path)
        return int(
            self.stage.hands.read(self._quoter, "quoteExactInputSingle", *sides, FEE, amount, 0)[0]
        )

    def around(self, sale: Act, token: Contract, amount: int) -> list[Act]:
        """The thief's liquidity stands where the price is bent to, and buys what is sold."""
        assert token == self.acre, "the thief's contract works in that pool"
        moment = self._moment
        return [
            (self.thief, moment.call("bend", token.address, amount)),
            sale,
            (self.thief, moment.call("straighten", token.address)),
        ]

    def for_the_fee(self, sale: Act) -> list[Act]:
        """Return a sale of acre with the thief's liquidity around it, at the price there is."""
        moment = self._moment
        return [(self.thief, moment.call("open")), sale, (self.thief, moment.call("close"))]

    def earned(self) -> Act:
        """Return what gives the provider of the acre pool the fees that it earned."""
        most = 2**128 - 1
        terms = 1, self.stage.people.address, most, most
        return self.stage.people, self._positions.call("collect", terms)
