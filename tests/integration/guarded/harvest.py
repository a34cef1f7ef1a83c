"""A vault of ours that sells its rewards on the real Uniswap V2 or V3, at any price.

Synthetix' real SystemStatus says whether a reward may be sold; a Safe governs both.
"""

from random import Random

from sandbox.evm import ETHER, Account, Call, Contract
from tests.contract import safes
from tests.contract.exhibits import synthetix
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.exchange import Market
from tests.integration.guarded.guarded import Guarded

PORTION = 20_000 * ETHER
"""What is sold in one harvest."""
SAVED = 500_000 * ETHER
"""What everybody has in the vault from the beginning."""
SALE = b"SynthExchange".ljust(32, b"\0")


class Harvest:
    """The vault's dollars come from depositors; acre and barley are what it earns and sells."""

    def __init__(self, guarded: Guarded, kind: type[Market]) -> None:
        self.stage, self.keeper = guarded.stage, guarded.theatre.keeper
        self.exchange = kind(guarded)
        self.safe = safes.new_safe(self.stage)
        self.status = synthetix.deployed(self.stage)
        parts = self.exchange.dollar, self.exchange.router, self.status, self.safe
        self.vault = self.stage.deployer.create(kind.SELLER, *(one.address for one in parts))
        self.stage.deployer.settle()
        self.exchange.approve(self.vault)
        for one in self.exchange.people:
            self.stage.do(one, self.saved(one, SAVED)[1])
        role = self.stage.hands.read(self.vault, "KEEPER_ROLE")[0]
        self.govern(self.vault.call("grantRole", role, self.keeper.address))
        for token in (self.exchange.acre, self.exchange.barley):
            self.bound(token, 0)
            earned = token.call("transfer", self.vault.address, 10**7 * ETHER)
            self.stage.do(self.stage.people, earned)
        self.may(self.safe.address, synthetix.RESUME)

    def may(self, who: str, rights: tuple[bool, bool]) -> None:
        """Let somebody halt sales, or resume them."""
        self.stage.do(
            self.stage.people, self.status.call("updateAccessControl", SALE, who, *rights)
        )

    def govern(self, call: Call) -> None:
        safes.by_owners(self.stage, self.safe, call)

    def key(self, token: Contract) -> bytes:
        return (b"ACR" if token == self.exchange.acre else b"BRL").ljust(32, b"\0")

    def bound(self, token: Contract, least: int) -> None:
        """Let the Safe say what a whole reward has to bring at least."""
        self.govern(self.vault.call("setReward", token.address, self.key(token), least))

    def resume(self, token: Contract) -> None:
        self.govern(self.status.call("resumeSynthsExchange", [self.key(token)]))

    def sale(self, token: Contract, amount: int = PORTION) -> Act:
        return self.keeper, self.vault.call("harvest", token.address, amount)

    def sandwich(self, token: Contract, amount: int) -> list[Act]:
        """The thief sells before the keeper does, and buys back after."""
        return self.exchange.around(self.sale(token), token, amount)

    def saved(self, one: Account, amount: int) -> Act:
        return one, self.vault.call("deposit", amount, one.address)

    def spent(self, one: Account, amount: int) -> Act:
        return one, self.vault.call("withdraw", amount, one.address, one.address)

    def held(self) -> int:
        """Return how many dollars the vault has."""
        return self.exchange.balance(self.exchange.dollar, self.vault.address)

    def day(self, random: Random) -> list[Act]:
        """Half of the people trade, save and spend; each reward is sold twice, and bought."""
        acts: list[Act] = []
        exchange, rewards = self.exchange, (self.exchange.acre, self.exchange.barley)
        for one in random.sample(exchange.people, 6):
            path = random.sample((random.choice(rewards), exchange.dollar), 2)
            acts += [
                exchange.swap(one, random.randrange(1_000, 10_000) * ETHER, *path),
                self.saved(one, random.randrange(500, 2_000) * ETHER),
                self.spent(one, random.randrange(100, 400) * ETHER),
            ]
        for token in rewards * 2:
            amount = random.randrange(10_000, 30_000) * ETHER
            buyer = random.choice(exchange.people)
            acts += [
                self.sale(token, amount),
                exchange.swap(buyer, amount, exchange.dollar, token),
            ]
        return acts
