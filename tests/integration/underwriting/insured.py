"""A risk feed on a node, its owner and its reporter."""

from typing import Any

from sandbox.evm import Account, Call, Contract
from sandbox.node import LocalNode
from tests.integration.contracts.hands import Hands
from underwriting.report import Report, protocol_of, signed

PROTOCOL = "meadow"
PERCENT = 10**6
"""Of certainty, with 8 decimals."""
DELAY = 3_600


class Insured(Hands):
    """The feed, and everyone who deals with it."""

    def __init__(self, node: LocalNode) -> None:
        super().__init__(node, "underwriting owner")
        self.reporter = self.funded("reporter")
        self.stranger = self.funded("stranger")
        self.feed = self.new_feed()

    def new_feed(self) -> Contract:
        """Create a feed that the reporter may report to."""
        arguments = protocol_of(PROTOCOL), "meadow: incident within 30 days", DELAY
        feed = self.create("RiskFeed", self.owner.address, *arguments)
        assert self.does(self.owner, feed.call("setReporter", self.reporter.address, ON))
        return feed

    @property
    def now(self) -> int:
        """The newest block's time."""
        return self.chain.timestamp()

    def report(self, percent: float = 1.0, **changed: Any) -> Report:
        """Return a report of the newest block."""
        told = Report(
            round=self.now,
            observed_at=self.now,
            horizon=30 * 86_400,
            probability=round(percent * PERCENT),
            probability_high=max(round(percent * PERCENT), 2 * PERCENT),
            exposure=5_000_000,
            expected_loss=20_000,
            tail_loss=2_000_000,
            cover_rate=PERCENT,
            mal_consumed=0,
            standing=0,
            record=b"\x07" * 32,
        )
        return told._replace(**changed)

    def reporting(
        self, report: Report, *, feed: Contract | None = None, by: Account | None = None,
        protocol: str = PROTOCOL, chain_id: int | None = None, at: str | None = None,
    ) -> Call:  # fmt: skip
        """Return the call that hands it in, signed by the reporter unless told otherwise."""
        its = feed or self.feed
        place = chain_id or self.chain.id, at or its.address
        signature = signed(report, protocol, *place, (by or self.reporter).signer)
        return its.call("report", tuple(report), signature)

    def reported(self, percent: float, *, feed: Contract | None = None, **changed: Any) -> None:
        """Hand in a report of the newest block."""
        call = self.reporting(self.report(percent, **changed), feed=feed)
        assert self.does(self.stranger, call)

    def ask(self, name: str, *arguments: Any, of: Contract | None = None) -> Any:
        """Return what a contract says; one value by itself."""
        found = self.chain.read(of or self.feed, name, *arguments)
        return found[0] if len(found) == 1 else found

    def refusal(self, account: Account, call: Call, by: Contract | None = None) -> str:
        """Return the name of the error that a call meets, '' when it meets none."""
        return self.refused(by or self.feed, account, call)


ON, OFF = True, False
