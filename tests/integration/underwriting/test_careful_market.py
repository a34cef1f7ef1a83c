"""A lending market of ours that tightens and relaxes by its dial: whatever the oracles say, nobody
is liquidated by them, and everybody can repay."""

import pytest

from sandbox.evm import ETHER
from sandbox.node import LocalNode
from tests.integration.underwriting.turned import Turned
from tests.risk_model import WHOLE

pytestmark = pytest.mark.node

CALM_LTV, TIGHT_LTV, CALM_FEE, TIGHT_FEE = 7_500, 4_000, 10, 200


@pytest.fixture
def turned(chain_node: LocalNode) -> Turned:
    return Turned(chain_node).with_market()


def tight(turned: Turned) -> None:
    for _ in range(4):
        turned.says(100, 100)
        turned.turned(after=60)
    assert turned.tightness == WHOLE


def test_an_incident_moves_loan_to_value_and_fee_and_its_end_moves_them_back(
    turned: Turned,
) -> None:
    def at() -> tuple[int, int]:
        return turned.ask(turned.market, "loanToValue"), turned.ask(turned.market, "fee")

    assert at() == (CALM_LTV, CALM_FEE)
    tight(turned)
    assert at() == (TIGHT_LTV, TIGHT_FEE)
    more = turned.market.call("borrow", ETHER)
    assert turned.refused(turned.market, turned.borrower, more) == "Undercollateralised"
    for _ in range(30):
        turned.says(0, 0)
        turned.turned(after=900)
    assert at() == (CALM_LTV, CALM_FEE)
    assert turned.can(turned.borrower, more)


Said = tuple[float | None, float | None]
LIES: dict[str, list[Said]] = {
    "zero": [(0, 0)] * 5,
    "max": [(100, 100)] * 5,
    "first": [(100, 0)] * 5,
    "second": [(0, 100)] * 5,
    "flapping": [(100, 100), (0, 0)] * 3,
    "stale": [(100, 100), *[(None, None)] * 4],
    "first then stale": [(100, 0), *[(100, None)] * 4],
}


@pytest.mark.parametrize("lies", LIES.values(), ids=LIES.keys())
def test_nobody_is_liquidated_by_the_oracle_alone(turned: Turned, lies: list[Said]) -> None:
    liquidate = turned.market.call("liquidate", turned.borrower.address, ETHER)
    for said in lies:
        turned.says(*said)
        turned.turned(after=700)
        reason = turned.refused(turned.market, turned.liquidator, liquidate)
        assert reason == "NotLiquidatable"
    assert TIGHT_LTV <= turned.ask(turned.market, "loanToValue") <= CALM_LTV
    assert CALM_FEE <= turned.ask(turned.market, "fee") <= TIGHT_FEE
    # while the market's own price does liquidate, whatever the dial says
    turned.own(turned.market.call("setPrice", 8 * ETHER // 10))
    assert turned.can(turned.liquidator, liquidate)


def test_who_wants_to_save_itself_can_at_any_tightness(turned: Turned) -> None:
    tight(turned)
    turned.own(turned.sources[0].call("breakDown"))
    turned.own(turned.sources[1].call("breakDown"))
    assert turned.can(turned.borrower, turned.market.call("repay", 10 * ETHER))
    assert turned.can(turned.borrower, turned.market.call("addCollateral", 10 * ETHER))


def test_a_dead_oracle_stops_no_borrowing(turned: Turned) -> None:
    for source in turned.sources:
        turned.own(source.call("breakDown"))
    turned.chain.mine(200_000)
    assert turned.can(turned.borrower, turned.market.call("borrow", ETHER))


def test_one_compromised_source_costs_new_borrowers_a_fifth_of_the_way(turned: Turned) -> None:
    turned.says(100, 0)
    turned.turned(after=60)
    part = turned.rule.solo / WHOLE
    assert turned.ask(turned.market, "loanToValue") == CALM_LTV - (CALM_LTV - TIGHT_LTV) * part
