"""The whole of the risk oracle: the service as its own process, its feed and another's, a dial that
the service turns, a lending market, and a cover pool.

The chain's time goes on only where a test says so, and by a block for each transaction that the
service sends: how busy the machine is changes nothing.
"""

from collections.abc import Callable
from pathlib import Path

from eth_utils.crypto import keccak

from runtime.kafka import KafkaBroker
from sandbox.evm import ETHER
from sandbox.node import LocalNode
from sandbox.process import ChildProcess
from tests.integration.underwriting.covered import Covered
from tests.integration.underwriting.insured import OFF, ON
from tests.integration.underwriting.process import Process
from tests.risk_model import Rule
from tests.waiting import until

RULE = Rule(relax=2_500)
"""Down as fast as up, so that a run has few steps."""
CALM_LTV, TIGHT_LTV, SOLO_LTV = 7_500, 4_000, 6_800
PLENTY = 10**24
LONGEST = 120.0
"""Seconds to wait for what takes the service some looks, or its start."""


class OracleRun(Process, Covered):
    """Everything, and everybody who deals with it."""

    service: ChildProcess

    def __init__(self, node: LocalNode, broker: KafkaBroker, namespace: str, folder: Path) -> None:
        super().__init__(node, broker, namespace, folder)
        self.other = self.funded("another operator")
        self.second = self.new_feed()
        for account, reports in ((self.reporter, OFF), (self.other, ON)):
            change = self.second.call("setReporter", account.address, reports)
            assert self.does(self.owner, change)
        feeds = self.feed.address, self.second.address
        self.dial = self.create("RiskDial", self.owner.address, *feeds, RULE)
        self.borrower = self.funded("borrower")
        asset, collateral = (self.create("ToyERC20", name, name, 18, PLENTY) for name in "AC")
        self.market = self.create(
            "CarefulMarket", asset.address, collateral.address, self.dial.address
        )
        for call in (
            asset.call("transfer", self.market.address, PLENTY),
            collateral.call("transfer", self.borrower.address, 100 * ETHER),
        ):
            assert self.does(self.owner, call)
        for call in (
            collateral.call("approve", self.market.address, PLENTY),
            self.market.call("addCollateral", 100 * ETHER),
            self.market.call("borrow", 70 * ETHER),
        ):
            assert self.does(self.borrower, call)
        self.more = self.market.call("borrow", 4 * ETHER)
        """What only somebody in calm times may borrow beside."""
        self.describe(self.dial)

    def refused_more(self) -> str:
        """Why the borrower may not have more now, '' where it may."""
        return self.refusal(self.borrower, self.more, self.market)

    @property
    def loan_to_value(self) -> int:
        """Of the market, in basis points."""
        return int(self.ask("loanToValue", of=self.market))

    @property
    def tightness(self) -> int:
        """Of the dial."""
        return int(self.ask("tightness", of=self.dial))

    def said(self, percent: float) -> None:
        """Let the other operator report this to the second feed."""
        call = self.reporting(self.report(percent), feed=self.second, by=self.other)
        assert self.does(self.stranger, call)

    def passes(self, seconds: int, second: float | None = None) -> None:
        """Let time go by, the second source say something, and ingest publish the head."""
        self.chain.mine(seconds)
        if second is not None:
            self.said(second)
        self.mined()

    def comes_to(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds; what the service sends meanwhile is mined."""

        def holds() -> bool:
            self.service.require_running()
            if condition():
                return True
            if self._count("pending") > self._count("latest"):
                self.mined()
            return False

        until(holds, patience=LONGEST)

    def _count(self, when: str) -> int:
        address = self.reporter.address
        return int(self.node.rpc("eth_getTransactionCount", address, when), 16)

    def turns(self) -> list[tuple[int, int]]:
        """Time and tightness of every step that the dial took."""
        topic = "0x" + keccak(text="Turned(uint16,uint16,uint16)").hex()
        logs = self.node.rpc(
            "eth_getLogs", {"fromBlock": "0x0", "address": self.dial.address, "topics": [topic]}
        )
        return [(self._time(log["blockNumber"]), int(log["data"][2:66], 16)) for log in logs]

    def _time(self, block: str) -> int:
        head = self.node.rpc("eth_getBlockByNumber", block, False)  # noqa: FBT003 - the interface's: headers only
        return int(head["timestamp"], 16)
