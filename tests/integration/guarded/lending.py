"""Aave V3 with two tokens, and what people do there."""

from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from tests.contract.exhibits import aave as aave_v3
from tests.integration.guarded.guarded import Guarded

DOLLAR = 10**8
"""In the oracle's units."""
PACKAGE = "@aave/core-v3"


class Lending:
    """Aave V3 with two tokens at a dollar each: acre is lent, barley is lent against."""

    def __init__(self, guarded: Guarded) -> None:
        self.stage = guarded.stage
        self.aave = aave_v3.deployed(self.stage)
        self.acre = self.aave.token
        self.barley, self.oracle = self._second_reserve()
        self.people, self.thief = guarded.theatre.people(12), guarded.theatre.thief
        for one in (*self.people, self.thief):
            tokens = [self.acre] if one == self.thief else [self.acre, self.barley]
            self.stage.do(
                one,
                *(token.call("mint", 1_000_000 * ETHER) for token in tokens),
                *(
                    token.call("approve", self.aave.pool.address, FOREVER)
                    for token in (self.acre, self.barley)
                ),
            )
        rich = self.people[0]
        self.stage.do(rich, self.call("supply", self.acre, 500_000 * ETHER, rich))

    def _second_reserve(self) -> tuple[Contract, Contract]:
        stage, aave = self.stage, self.aave
        folder = "artifacts/contracts/protocol/configuration/PoolAddressesProvider.sol"
        mocks = "artifacts/contracts/mocks/oracle/PriceOracle.sol"
        provider = Contract(
            stage.hands.read(aave.pool, "ADDRESSES_PROVIDER")[0],
            stage.deployer.packaged((PACKAGE, folder), "PoolAddressesProvider"),
        )
        oracle = Contract(
            stage.hands.read(provider, "getPriceOracle")[0],
            stage.deployer.packaged((PACKAGE, mocks), "PriceOracle"),
        )
        token = aave_v3.create(stage, "mocks/tokens/MintableERC20", "Barley", "BRL", 18)
        stage.deployer.settle()
        stage.do(stage.people, oracle.call("setAssetPrice", token.address, DOLLAR))
        listed = aave_v3.Aave(aave.configurator, aave.pool, aave.acl, token)
        aave_v3.list_reserve(stage, listed, provider)
        return token, oracle

    def call(self, name: str, token: Contract, amount: int, one: Account) -> Call:
        terms: dict[str, tuple[int | str, ...]] = {
            "supply": (one.address, 0),
            "borrow": (aave_v3.VARIABLE, 0, one.address),
            "repay": (aave_v3.VARIABLE, one.address),
            "withdraw": (one.address,),
        }
        return self.aave.pool.call(name, token.address, amount, *terms[name])

    def price(self, dollars: int) -> None:
        """Let the oracle say what a barley is worth."""
        call = self.oracle.call("setAssetPrice", self.barley.address, dollars * DOLLAR)
        self.stage.do(self.stage.people, call)

    def kept_in(self, token: Contract) -> str:
        """Return the address that holds what was supplied of a token."""
        found = self.stage.hands.read(self.aave.pool, "getReserveData", token.address)[0][8]
        return str(found)

    def held(self) -> int:
        """Return how many acres there are to take."""
        found = self.stage.hands.read(self.acre, "balanceOf", self.kept_in(self.acre))[0]
        return int(found)

    def works(self, name: str, token: Contract, one: Account) -> bool:
        return self.stage.works(one, self.call(name, token, 10 * ETHER, one))
