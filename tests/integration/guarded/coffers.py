"""A council, a Safe, and the coffers whose roles it gives out."""

from eth_utils.crypto import keccak

from sandbox.evm import ETHER, Call, Contract
from tests.contract import safes
from tests.integration.guarded.guarded import Guarded

DRAWER = keccak(text="DRAWER_ROLE")
PAUSER = keccak(text="PAUSER_ROLE")
ADMIN = bytes(32)
"""The role that gives out the others."""


class Council:
    """Two people who sign for a Safe, and the money that it has put into coffers."""

    def __init__(self, guarded: Guarded) -> None:
        self.stage = guarded.stage
        self.safe = safes.new_safe(self.stage)
        self.money = self.stage.deployer.create(
            "ToyERC20", "Acre Dollar", "AUSD", 18, 10**9 * ETHER
        )
        self.stage.deployer.settle()

    def coffer(self, amount: int, pauser: Contract) -> Contract:
        """Return a coffer with so much in it, that a gate may pause."""
        coffer = self.stage.deployer.create("Coffer", self.safe.address)
        self.stage.deployer.send([self.money.call("transfer", coffer.address, amount)])
        self.stage.deployer.settle()
        self.decide(coffer.call("grantRole", PAUSER, pauser.address))
        return coffer

    def decide(self, *calls: Call) -> None:
        """Let both sign, and the Safe do it."""
        for call in calls:
            safes.by_owners(self.stage, self.safe, call)

    def held(self, holder: str) -> int:
        found: int = self.stage.hands.read(self.money, "balanceOf", holder)[0]
        return found
