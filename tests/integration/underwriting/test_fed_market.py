"""Two real feeds, a dial, a market: from a signed report to a tighter loan-to-value, and back."""

import pytest

from sandbox.node import LocalNode
from tests.integration.underwriting.insured import Insured
from tests.risk_model import Rule

pytestmark = pytest.mark.node

CALM_LTV = 7_500


class Fed(Insured):
    """A market whose dial reads two feeds."""

    def __init__(self, node: LocalNode) -> None:
        super().__init__(node)
        self.feeds = [self.feed, self.new_feed()]
        self.dial = self.create(
            "RiskDial", self.owner.address, *(feed.address for feed in self.feeds), Rule()
        )
        tokens = [self.create("ToyERC20", name, name, 18, 10**24).address for name in ("A", "C")]
        self.market = self.create("CarefulMarket", *tokens, self.dial.address)

    def told(self, *percents: float) -> int:
        """Report to each feed, turn the dial, return the loan-to-value."""
        for feed, percent in zip(self.feeds, percents, strict=True):
            self.reported(percent, feed=feed)
        assert self.does(self.stranger, self.dial.call("turn"), after=900)
        found: int = self.ask("loanToValue", of=self.market)
        return found


def test_reports_tighten_the_market_and_later_ones_relax_it(chain_node: LocalNode) -> None:
    fed = Fed(chain_node)
    assert fed.told(0.4, 0.5) == CALM_LTV
    tight = [fed.told(85, 90) for _ in range(4)]
    assert tight == sorted(tight, reverse=True)
    assert tight[-1] == 4_000
    relaxed = [fed.told(0.4, 0.5) for _ in range(26)]
    assert relaxed == sorted(relaxed)
    assert relaxed[0] == 4_000  # calm has to last first
    assert relaxed[-1] == CALM_LTV


def test_one_reporter_s_key_moves_it_a_fifth_of_the_way(chain_node: LocalNode) -> None:
    fed = Fed(chain_node)
    for _ in range(4):
        assert fed.told(100, 0.4) >= CALM_LTV - 3_500 * Rule().solo // 10_000
