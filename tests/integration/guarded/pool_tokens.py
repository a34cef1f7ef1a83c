"""A real Balancer V2 vault with two pools, and a lending market of ours that takes their tokens."""

from eth_abi.abi import encode

from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from tests.contract import safes
from tests.contract.exhibits import balancer
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.guarded import Guarded

COINS, COIN = 10_000 * ETHER, 1_000
"""How many coins the first pool holds, and what one is worth in dollars; all else is worth one."""
LENT = 10**7 * ETHER
"""Dollars that the market has to lend."""
INTERNAL, EARLY = False, True
_INIT = 0


class PoolTokens:
    """One pool holds coins and acre, the other barley and acre; dollars are lent."""

    def __init__(self, guarded: Guarded) -> None:
        self.stage, self.thief = guarded.stage, guarded.theatre.thief
        stage, create = self.stage, self.stage.deployer.create
        self.people = guarded.theatre.people(12)
        self.safe = safes.new_safe(stage)
        weth = stage.deployer.create_packaged(("canonical-weth", "build/contracts"), "WETH9")
        self.dollar, self.acre, self.barley = (
            create("ToyERC20", name, name, 18, 10**12 * ETHER) for name in ("AUSD", "ACR", "BRL")
        )
        house = balancer.house(stage, weth.address)
        self.vault = house.vault
        self._weth = weth.address
        self.market = create(
            "PoolTokenMarket", self.dollar.address, self.vault.address, self.safe.address
        )
        stage.deployer.settle()
        pairs = (weth, self.acre), (self.barley, self.acre)
        tokens = [sorted(one.address for one in pair) for pair in pairs]
        self.coins, self.plain = pools = [house.pool(stage, two) for two in tokens]
        self._tokens = {pool.address: two for pool, two in zip(pools, tokens, strict=True)}
        self._fill()
        for price, token in ((COIN, weth), (1, self.acre), (1, self.barley)):
            self.govern(self.market.call("setPrice", token.address, price * ETHER))

    def _fill(self) -> None:
        """Let there be something in the pools, and everybody have something of all."""
        stage, me = self.stage, self.stage.people
        stage.node.rpc("anvil_setBalance", me.address, hex(2 * COINS))
        for token in (self.acre, self.barley):
            stage.do(me, token.call("approve", self.vault.address, FOREVER))
        for pool in (self.coins, self.plain):
            amounts = self.amounts(pool, COINS)
            asked = encode(["uint256", "uint256[]"], [_INIT, amounts])
            request = self.assets(pool), [FOREVER] * 2, asked, INTERNAL
            name = stage.hands.read(pool, "getPoolId")[0]
            terms = name, me.address, me.address, request
            value = COINS if pool == self.coins else 0
            stage.do(me, self.vault.call("joinPool", *terms, value=value))
        stage.do(me, self.dollar.call("transfer", self.market.address, LENT))
        for one in self.people:
            stage.do(one, self.dollar.call("approve", self.market.address, FOREVER))
            for pool in (self.coins, self.plain):
                stage.do(one, pool.call("approve", self.market.address, FOREVER))
                share = stage.hands.read(pool, "balanceOf", me.address)[0] // 30
                stage.do(me, pool.call("transfer", one.address, share))
            stage.do(me, self.dollar.call("transfer", one.address, 10**6 * ETHER))

    def assets(self, pool: Contract) -> list[str]:
        """Return what a pool holds, in its order, coins by the zero address."""
        return [
            balancer.NOBODY if token == self._weth else token
            for token in self._tokens[pool.address]
        ]

    def amounts(self, pool: Contract, coins: int) -> list[int]:
        """Return so many coins and as much worth of the other, in the pool's order."""
        return [coins if asset == balancer.NOBODY else coins * COIN for asset in self.assets(pool)]

    def govern(self, call: Call) -> None:
        safes.by_owners(self.stage, self.safe, call)

    def act(self, name: str, pool: Contract, amount: int, one: Account) -> Act:
        return one, self.market.call(name, pool.address, amount)

    def let_freeze(self, who: str) -> None:
        guardian = self.stage.hands.read(self.market, "GUARDIAN_ROLE")[0]
        self.govern(self.market.call("grantRole", guardian, who))

    def borrower(self, one: Account) -> Contract:
        """Create somebody's contract that joins, pledges, leaves and borrows, with much acre; and
        let its owner have as many coins."""
        stage, rich = self.stage, 10**6 * ETHER
        parts = self.market, self.coins, self.acre, one
        made = stage.deployer.create("PoolTokenBorrower", *(part.address for part in parts))
        stage.deployer.settle()
        stage.do(stage.people, self.acre.call("transfer", made.address, rich * COIN))
        stage.node.rpc("anvil_setBalance", one.address, hex(rich))
        return made

    def zap(
        self,
        one: Account,
        made: Contract,
        joined: int,
        pledged: int,
        loan: int,
        *,
        early: bool = not EARLY,
    ) -> Act:
        """Run that contract: `early` borrows before the exit is over."""
        assets, amounts = self.assets(self.coins), self.amounts(self.coins, joined)
        return one, made.call("run", assets, amounts, pledged, loan, early, value=joined)

    def lent(self) -> int:
        """Return how many dollars the market has lent out."""
        left: int = self.stage.hands.read(self.dollar, "balanceOf", self.market.address)[0]
        return LENT - left
