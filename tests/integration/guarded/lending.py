"""Aave V3 with two tokens, what people do there, and the Safe that governs it."""

from dataclasses import replace

from sandbox.abi import Interface
from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from schemas.manifest import Brake
from tests.contract import safes
from tests.contract.exhibits import aave as aave_v3
from tests.integration.guarded.guarded import Guarded

DOLLAR = 10**8
"""In the oracle's units."""
PACKAGE = "@aave/core-v3"
EVERYTHING = bytes(32)
"""The role that gives out the others."""


class Lending:
    """Aave V3 with two tokens at a dollar each: acre is lent, barley is lent against."""

    def __init__(self, guarded: Guarded) -> None:
        self.stage = guarded.stage
        self.aave = aave_v3.deployed(self.stage)
        self.acre = self.aave.token
        self.provider = Contract(
            self.stage.hands.read(self.aave.pool, "ADDRESSES_PROVIDER")[0],
            self._interface("protocol/configuration", "PoolAddressesProvider"),
        )
        self.oracle = Contract(
            self.stage.hands.read(self.provider, "getPriceOracle")[0],
            self._interface("mocks/oracle", "PriceOracle"),
        )
        self.safe = safes.new_safe(self.stage)
        self.barley = self.listed("Barley")
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

    def _interface(self, folder: str, name: str) -> Interface:
        return self.stage.deployer.packaged(
            (PACKAGE, f"artifacts/contracts/{folder}/{name}.sol"), name
        )

    def listed(self, name: str) -> Contract:
        """Return another token, at a dollar, that can be lent, and lent against."""
        token = aave_v3.create(self.stage, "mocks/tokens/MintableERC20", name, name, 18)
        self.stage.deployer.settle()
        worth = self.oracle.call("setAssetPrice", token.address, DOLLAR)
        self.stage.do(self.stage.people, worth)
        aave_v3.list_reserve(self.stage, replace(self.aave, token=token), self.provider)
        return token

    def brake(self, guarded: Guarded, does: str, token: Contract, *, alone: bool = True) -> Brake:
        """Return a brake of a token's reserve that the gate may pull; `alone` says whether one
        detector may ask for it."""
        shown = aave_v3.exhibit(self.stage, guarded.gate.address, does).brake
        asset = {"asset": token.address.lower()}
        brake = shown.model_copy(update={"parameters": shown.parameters | asset})
        return guarded.through_gate(brake, alone=alone)

    def hand_over(self) -> None:
        """Let the Safe be the only admin, of roles too."""
        acl, me, safe = self.aave.acl, self.stage.people.address, self.safe.address
        self.stage.do(
            self.stage.people,
            acl.call("addPoolAdmin", safe),
            acl.call("grantRole", EVERYTHING, safe),
            acl.call("removePoolAdmin", me),
            acl.call("removeEmergencyAdmin", me),
            acl.call("renounceRole", EVERYTHING, me),
            self.provider.call("transferOwnership", safe),
        )

    def govern(self, *calls: Call) -> None:
        """Let both owners sign, and the Safe do it."""
        for call in calls:
            safes.by_owners(self.stage, self.safe, call)

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
