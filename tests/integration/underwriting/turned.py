"""A dial on two feeds that say what they are told, and a market of ours that reads it."""

from typing import Any

from sandbox.evm import ETHER, Account, Call, Contract
from sandbox.node import LocalNode
from tests.integration.contracts.hands import Hands
from tests.risk_model import Reading, Rule, State

CERTAIN = 10**8
PLENTY = 1_000_000 * ETHER


class Turned(Hands):
    """The dial, its sources, a market, a borrower and a liquidator."""

    def __init__(self, node: LocalNode, rule: Rule | None = None) -> None:
        super().__init__(node, "market owner")
        self.rule = rule or Rule()
        self.borrower, self.liquidator = self.funded("borrower"), self.funded("liquidator")
        self.sources = [self.create("ToyFeed"), self.create("ToyFeed")]
        addresses = [source.address for source in self.sources]
        self.dial = self.create("RiskDial", self.owner.address, *addresses, self.rule)

    def with_market(self, borrows: int = 70) -> "Turned":
        """Add a market in which the borrower owes so much against 100."""
        self.asset = self.create("ToyERC20", "Asset", "AST", 18, PLENTY)
        self.collateral = self.create("ToyERC20", "Collateral", "CLT", 18, PLENTY)
        self.market = self.create(
            "CarefulMarket", self.asset.address, self.collateral.address, self.dial.address
        )
        self.own(self.asset.call("transfer", self.market.address, PLENTY // 2))
        self.own(self.asset.call("transfer", self.liquidator.address, PLENTY // 4))
        self.own(self.collateral.call("transfer", self.borrower.address, 200 * ETHER))
        for account, token in ((self.borrower, self.collateral), (self.borrower, self.asset),
                               (self.liquidator, self.asset)):  # fmt: skip
            assert self.does(account, token.call("approve", self.market.address, PLENTY))
        assert self.does(self.borrower, self.market.call("addCollateral", 100 * ETHER))
        assert self.does(self.borrower, self.market.call("borrow", borrows * ETHER))
        return self

    def own(self, call: Call) -> None:
        """Let the owner do what must work."""
        assert self.does(self.owner, call)

    def says(self, *percents: float | None, after: int = 12) -> None:
        """Let each source say this now; None: it stays as it is."""
        for source, percent in zip(self.sources, percents, strict=True):
            if percent is not None:
                call = source.call("set", round(percent * CERTAIN / 100), self.chain.timestamp())
                self.own(call)

    def turned(self, after: int = 12) -> int:
        """Take a look, so many seconds later; return the tightness."""
        assert self.does(self.liquidator, self.dial.call("turn"), after=after)
        return self.tightness

    @property
    def tightness(self) -> int:
        """How tight it is."""
        return int(self.ask(self.dial, "tightness"))

    def ask(self, of: Contract, name: str, *arguments: Any) -> Any:
        """Return what a contract says; one value by itself."""
        found = self.chain.read(of, name, *arguments)
        return found[0] if len(found) == 1 else found

    def stepped(self, state: State, a: Reading, b: Reading, time: int) -> State:
        """Return what the contract makes of a state and two readings."""
        return State(*self.ask(self.dial, "stepped", state, a, b, time))

    def can(self, account: Account, call: Call) -> bool:
        """Say whether a call would work now."""
        return not self.refused(self.market, account, call)
