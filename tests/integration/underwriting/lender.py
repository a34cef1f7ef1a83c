"""A real Aave V3 whose reserves a dial turns."""

from dataclasses import replace

from eth_utils.crypto import keccak

from sandbox.evm import Contract
from sandbox.node import LocalNode
from tests.contract.exhibits import aave
from tests.contract.stage import Stage
from tests.integration.underwriting.turned import Turned

TIGHT = 6_000


class Lender(Turned):
    """Aave with one reserve that a dial turns."""

    def __init__(self, node: LocalNode, stage: Stage) -> None:
        super().__init__(node)
        self.stage = stage
        self.aave = aave.deployed(stage)
        self.asset_address = self.aave.token.address
        self.turner = self.create(
            "AaveDial", self.owner.address, self.dial.address, self.aave.pool.address,
            self.aave.configurator.address,
        )  # fmt: skip
        stage.do(stage.people, self.aave.acl.call("addRiskAdmin", self.turner.address))
        self.own(self.turner.call("list", self.asset_address, TIGHT))

    def terms(self, of: str = "") -> tuple[int, int, int]:
        """Return loan-to-value, liquidation threshold and bonus of the reserve, or of another."""
        ((bits,),) = (self.ask(self.aave.pool, "getConfiguration", of or self.asset_address),)
        return bits & 0xFFFF, bits >> 16 & 0xFFFF, bits >> 32 & 0xFFFF

    def people_set(self, ltv: int, threshold: int = aave.THRESHOLD) -> None:
        """Let people decide on the reserve."""
        call = self.aave.configurator.call(
            "configureReserveAsCollateral", self.asset_address, ltv, threshold, aave.BONUS
        )
        self.stage.do(self.stage.people, call)

    def due(self) -> bool:
        """Say whether a turn is worth its gas."""
        return bool(self.ask(self.turner, "due"))

    def turn(self, after: int = 60) -> int:
        """Let anyone take the dial's step and bring every reserve."""
        assert self.does(self.liquidator, self.turner.call("turn"), after=after)
        return self.terms()[0]

    def told(self, event: str) -> int:
        """Count the times that the last transaction told this."""
        topic = "0x" + keccak(text=event).hex()
        return sum(log["topics"][0] == topic for log in self.receipt["logs"])

    def with_another(self) -> Contract:
        """Add a reserve that the dial turns too; return its token."""
        token = aave.create(self.stage, "mocks/tokens/MintableERC20", "Brook", "BRK", 18)
        pool = self.aave.pool
        provider = Contract(self.ask(pool, "ADDRESSES_PROVIDER"), pool.interface)
        self.stage.deployer.settle()
        aave.list_reserve(self.stage, replace(self.aave, token=token), provider)
        self.own(self.turner.call("list", token.address, TIGHT))
        return token

    def set(self, after: int = 60) -> int:
        """Let anyone bring the reserve to where the dial points."""
        call = self.turner.call("set", self.asset_address)
        assert self.does(self.liquidator, call, after=after)
        return self.terms()[0]
