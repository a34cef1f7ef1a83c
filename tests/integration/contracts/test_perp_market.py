"""One pair of perpetual futures: margins, gains, funding, liquidation, and what goes on halted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from sandbox import fetch
from sandbox.evm import ETHER
from sandbox.node import LocalNode, NodeOptions
from tests.integration.contracts.floor import Floor
from tests.integration.guarded.perpetuals import CAP, DOLLAR, FUND, WEALTH

pytestmark = pytest.mark.node

DAY = 86_400


@pytest.fixture(scope="module")
def built(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """One market on one node; each test finds it as it was set up."""
    anvil = fetch.anvil(cache, lambda line: None)
    with LocalNode(tmp_path_factory.mktemp("perp"), anvil, NodeOptions(mining=False)) as node:
        floor = Floor(node, cache)
        yield floor
        floor.stage.close()


@pytest.fixture
def floor(built: Floor) -> Iterator[Floor]:
    """The market as it was set up, solvent whatever a test did with it."""
    snapshot = built.stage.node.rpc("evm_snapshot")
    built.stage.begin()
    yield built
    built.require_solvent()
    assert built.stage.node.rpc("evm_revert", snapshot)


def test_gains_come_from_the_fund_and_losses_go_to_it(floor: Floor) -> None:
    assert floor.does(floor.ada, "increase", 10 * ETHER, 2_000 * DOLLAR) == ""
    assert floor.does(floor.ben, "increase", -10 * ETHER, 2_000 * DOLLAR) == ""
    fees = 2 * 10 * DOLLAR
    assert floor.get("fund") == FUND + fees
    floor.prices(1_100)
    assert floor.does(floor.ada, "decrease", 10 * ETHER) == ""
    assert floor.does(floor.ben, "decrease", 10 * ETHER) == ""
    won, lost = (floor.holds(one.address) - WEALTH for one in (floor.ada, floor.ben))
    assert won == pytest.approx((1_000 - 10) * DOLLAR, abs=DOLLAR)
    assert lost == pytest.approx((-1_000 - 10) * DOLLAR, abs=DOLLAR)
    assert floor.get("fund") == pytest.approx(FUND + fees, abs=DOLLAR)


def test_a_position_takes_a_tenth_to_open_and_a_twentieth_to_stay(floor: Floor) -> None:
    assert floor.does(floor.ada, "increase", 10 * ETHER, 1_000 * DOLLAR) == "TooLittleMargin"
    assert floor.does(floor.ada, "increase", 10 * ETHER, 1_011 * DOLLAR) == ""
    assert floor.does(floor.ada, "increase", -1 * ETHER, 0) == "WrongSize"
    assert floor.does(floor.ada, "removeMargin", 10 * DOLLAR) == "TooLittleMargin"
    assert floor.does(floor.cid, "liquidate", floor.ada.address) == "NotLiquidatable"
    floor.prices(941)
    assert floor.does(floor.ada, "decrease", ETHER) == "TooLittleMargin", "the rest would not do"
    assert floor.does(floor.ada, "addMargin", 100 * DOLLAR) == ""
    assert floor.does(floor.cid, "liquidate", floor.ada.address) == "NotLiquidatable"


def test_what_is_no_longer_covered_is_closed_for_a_reward(floor: Floor) -> None:
    floor.does(floor.ada, "increase", 10 * ETHER, 1_011 * DOLLAR)
    floor.prices(940)
    assert floor.does(floor.cid, "liquidate", floor.ada.address) == ""
    assert floor.position(floor.ada)[0] == 0
    assert floor.holds(floor.cid.address) == pytest.approx(WEALTH + 94 * DOLLAR, abs=DOLLAR)
    assert floor.holds(floor.ada.address) == pytest.approx(
        WEALTH - (10 + 600 + 94) * DOLLAR, abs=DOLLAR
    )


def test_debt_that_nothing_covers_is_told(floor: Floor) -> None:
    floor.does(floor.ada, "increase", 10 * ETHER, 1_011 * DOLLAR)
    floor.prices(850)
    assert floor.does(floor.cid, "liquidate", floor.ada.address) == ""
    logs = floor.stage.node.rpc("eth_getLogs", {"address": floor.market.address})
    told = keccak(text="DeficitCreated(address,address,uint256)")
    assert told.hex() in {log["topics"][0][2:] for log in logs}
    assert floor.holds(floor.ada.address) == WEALTH - 1_011 * DOLLAR, "no more than the margin"


def test_the_heavier_side_pays_the_lighter_one(floor: Floor) -> None:
    floor.does(floor.ada, "increase", 30 * ETHER, 10_000 * DOLLAR)
    floor.does(floor.ben, "increase", -10 * ETHER, 10_000 * DOLLAR)
    floor.does(floor.cid, "increase", ETHER, 1_000 * DOLLAR, after=DAY)
    floor.does(floor.ada, "decrease", 30 * ETHER)
    floor.does(floor.ben, "decrease", 10 * ETHER)
    paid, got = (floor.holds(one.address) - WEALTH for one in (floor.ada, floor.ben))
    assert paid == pytest.approx(-(30 + 30 * 5) * DOLLAR, abs=DOLLAR), "half of 1% of 30,000"
    assert got == pytest.approx((-10 + 10 * 5) * DOLLAR, abs=DOLLAR)


def test_no_more_is_open_than_the_cap_allows(floor: Floor) -> None:
    floor.cap(5_000 * DOLLAR)
    assert floor.does(floor.ada, "increase", 6 * ETHER, 2_000 * DOLLAR) == "TooMuchOpenInterest"
    assert floor.does(floor.ada, "increase", 5 * ETHER, 2_000 * DOLLAR) == ""
    assert floor.does(floor.ben, "increase", -5 * ETHER, 2_000 * DOLLAR) == "", "the other side"


def test_halted_it_opens_nothing_and_keeps_nobody_in(floor: Floor) -> None:
    floor.does(floor.ada, "increase", 10 * ETHER, 1_100 * DOLLAR)
    floor.does(floor.ben, "increase", -10 * ETHER, 2_000 * DOLLAR)
    floor.prices(960, seconds=1_300)
    floor.cap(0)
    assert floor.does(floor.cid, "increase", ETHER, 1_000 * DOLLAR) == "Halted"
    assert floor.does(floor.ben, "addMargin", 10 * DOLLAR) == ""
    assert floor.does(floor.ben, "removeMargin", 500 * DOLLAR) == ""
    assert floor.does(floor.ben, "decrease", 10 * ETHER) == ""
    floor.prices(920, seconds=1_300)
    assert floor.does(floor.cid, "touch") == ""
    assert floor.does(floor.cid, "liquidate", floor.ada.address) == ""
    floor.cap(CAP)
    assert floor.does(floor.cid, "increase", ETHER, 1_000 * DOLLAR) == "", "people released it"


@pytest.mark.parametrize("bent", [2_000, 500, 1])
def test_halted_a_bent_feed_pays_nothing_and_liquidates_nobody(floor: Floor, bent: int) -> None:
    floor.does(floor.ada, "increase", 10 * ETHER, 1_200 * DOLLAR)
    floor.does(floor.ben, "increase", -10 * ETHER, 1_200 * DOLLAR)
    floor.prices(bent, pool=False)
    floor.cap(0)
    assert floor.get("price") == pytest.approx(1_000 * DOLLAR, rel=0.01)
    for one in (floor.ada, floor.ben):
        assert floor.does(floor.cid, "liquidate", one.address) == "NotLiquidatable"
        assert floor.does(one, "decrease", 10 * ETHER) == ""
        assert floor.holds(one.address) == pytest.approx(WEALTH - 10 * DOLLAR, abs=2 * DOLLAR)


def test_halted_a_bent_pool_moves_nothing_either(floor: Floor) -> None:
    floor.does(floor.ada, "increase", 10 * ETHER, 1_200 * DOLLAR)
    me = floor.stage.people.address
    floor.stage.do(floor.stage.people, floor.perpetuals.swapped("clover", 3_000, me))
    floor.stage.hands.mine(1_300)
    floor.cap(0)
    floor.does(floor.cid, "touch")
    assert 1_000 * DOLLAR <= floor.get("price") <= 1_010 * DOLLAR


def test_halted_it_follows_a_market_that_falls_although_its_feed_does_not(floor: Floor) -> None:
    floor.does(floor.ada, "increase", 10 * ETHER, 1_100 * DOLLAR)
    floor.prices(2_000, pool=False)
    floor.cap(0)
    me = floor.stage.people.address
    floor.stage.do(floor.stage.people, floor.perpetuals.swapped("clover", 900, me))
    assert floor.does(floor.cid, "liquidate", floor.ada.address) == "NotLiquidatable"
    before = floor.get("price")
    for _ in range(12):
        floor.does(floor.cid, "touch", after=60)
        now = floor.get("price")
        assert 0.98 * before <= now <= before, "1% a minute, and no more"
        before = now
    assert before == pytest.approx(900 * DOLLAR, rel=0.02)
    assert floor.does(floor.cid, "liquidate", floor.ada.address) == ""


def test_halted_a_broken_feed_keeps_nobody_in(floor: Floor) -> None:
    floor.does(floor.ada, "increase", 10 * ETHER, 1_200 * DOLLAR)
    feed = floor.perpetuals.listed["clover"].feed
    floor.stage.do(floor.stage.people, feed.call("breakDown"))
    assert floor.does(floor.ada, "decrease", ETHER) == "NoPrice"
    floor.cap(0)
    assert floor.does(floor.ada, "decrease", 10 * ETHER) == ""
    assert floor.holds(floor.ada.address) == pytest.approx(WEALTH - 10 * DOLLAR, abs=DOLLAR)
