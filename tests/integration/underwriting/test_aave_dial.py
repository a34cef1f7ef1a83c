"""Loan-to-value of a real Aave V3 reserve, turned by a dial through the RISK admin's role."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.evm import ETHER
from sandbox.node import LocalNode
from tests.contract.exhibits import aave
from tests.contract.stage import Stage
from tests.integration.underwriting.lender import TIGHT, Lender
from tests.risk_model import WHOLE
from underwriting.dials import GAS

pytestmark = pytest.mark.node

MOST_GAS = 200_000
"""Of a turn with one reserve."""

EIGHT, EIGHT_REFUSED = 364_000, 392_000
"""Of a turn with eight, to a thousand, where Aave takes or refuses all: docs/underwriting.md."""

BURNT = 300_000
"""What sources that burn all they get take of a turn: `test_hostile_feeds.py`."""


@pytest.fixture
def lender(chain_node: LocalNode, cache: Path) -> Iterator[Lender]:
    stage = Stage(chain_node, cache)
    yield Lender(chain_node, stage)
    stage.close()


def test_it_tightens_in_steps_and_relaxes_in_time_and_never_liquidates(lender: Lender) -> None:
    assert lender.terms() == (aave.LTV, aave.THRESHOLD, aave.BONUS)
    found = []
    for _ in range(4):
        lender.says(100, 100)
        found.append(lender.set())
    assert found == [7_500, 7_000, 6_500, TIGHT]
    user, pool = lender.stage.user, lender.aave.pool
    health = lender.ask(pool, "getUserAccountData", user.address)[5]
    assert health > ETHER
    # thresholds are as people set them, so health is what the market makes it
    assert lender.terms() == (TIGHT, aave.THRESHOLD, aave.BONUS)
    more = pool.call("borrow", lender.asset_address, 2_600 * ETHER, aave.VARIABLE, 0, user.address)
    assert not lender.stage.works(user, more)
    for _ in range(24):
        lender.says(0, 0)
        lender.set(after=900)
    assert lender.terms() == (aave.LTV, aave.THRESHOLD, aave.BONUS)
    assert lender.stage.works(user, more)
    assert lender.tightness == 0 < WHOLE


def test_what_people_set_stands(lender: Lender) -> None:
    lender.says(100, 100)
    lender.set()
    lender.people_set(0)
    again = lender.turner.call("set", lender.asset_address)
    assert lender.refused(lender.turner, lender.liquidator, again) == "HandsOff"
    listing = lender.turner.call("list", lender.asset_address, TIGHT)
    assert lender.refused(lender.turner, lender.owner, listing) == "OutOfRange"


def test_it_goes_on_once_what_it_had_set_is_set_back(lender: Lender) -> None:
    lender.says(100, 100)
    its = lender.set()
    lender.people_set(0)
    lender.says(100, 100)
    assert lender.turn() == 0
    lender.people_set(its)
    assert lender.due()
    assert lender.turn() < its


def test_a_threshold_that_people_lowered_is_not_passed_and_holds_up_no_other(
    lender: Lender,
) -> None:
    other = lender.with_another().address
    for _ in range(4):
        lender.says(100, 100)
        lender.turn()
    assert lender.terms()[0] == lender.terms(other)[0] == TIGHT
    lower = 6_100
    lender.people_set(TIGHT, lower)
    for _ in range(24):
        lender.says(0, 0)
        lender.turn(after=900)
    assert lender.terms() == (lower, lower, aave.BONUS)
    assert lender.terms(other) == (aave.LTV, aave.THRESHOLD, aave.BONUS)
    assert lender.tightness == 0
    assert not lender.due()
    lender.people_set(lower)  # once they raise it again, so does the dial
    assert lender.due()
    assert lender.turn() == aave.LTV


def test_what_aave_refuses_is_told_and_holds_up_neither_the_dial_nor_who_asks(
    lender: Lender,
) -> None:
    people, acl = lender.stage.people, lender.aave.acl
    lender.stage.do(people, acl.call("removeRiskAdmin", lender.turner.address))
    lender.says(100, 100)
    lender.chain.mine(60)
    assert lender.due()
    assert lender.turn() == aave.LTV
    assert (lender.tightness, lender.told("Refused(address,uint256,bytes)")) == (2_500, 1)
    assert not lender.due()  # until the dial, or people, move
    lender.people_set(aave.LTV, aave.THRESHOLD - 100)
    assert lender.due()
    lender.says(100, 100)
    assert lender.turn() == aave.LTV
    assert lender.tightness == 5_000
    assert not lender.due()
    # a turn tries it anyway
    lender.stage.do(people, acl.call("addRiskAdmin", lender.turner.address))
    assert lender.turn(after=12) == 7_000
    assert lender.told("Set(address,uint256)") == 1


def test_a_turn_brings_whatever_is_listed_and_says_when_it_is_worth_it(lender: Lender) -> None:
    due, turn = lender.due, lender.turn
    assert not due()
    lender.says(100, 100)
    lender.chain.mine(60)
    assert due()
    assert turn() == 7_500
    assert int(lender.receipt["gasUsed"], 16) < MOST_GAS
    assert not due()
    lender.chain.mine(60)
    lender.turned()  # somebody else takes the dial's step
    assert due()
    assert turn() == 6_500
    # what people set stands, and holds up nothing
    lender.people_set(0)
    lender.says(100, 100)
    lender.chain.mine(60)
    assert due()
    assert turn() == 0
    assert lender.tightness == WHOLE
    assert not due()


def test_a_turn_of_eight_reserves_leaves_gas_for_sources_that_burn_theirs(lender: Lender) -> None:
    for _ in range(7):
        lender.with_another()
    acl, turner = lender.aave.acl, lender.turner.address
    for change, event, gas in (
        ("addRiskAdmin", "Set(address,uint256)", EIGHT),
        ("removeRiskAdmin", "Refused(address,uint256,bytes)", EIGHT_REFUSED),
    ):
        lender.stage.do(lender.stage.people, acl.call(change, turner))
        lender.says(100, 100)
        lender.turn()
        assert lender.told(event) == 8
        used = int(lender.receipt["gasUsed"], 16)
        assert used == pytest.approx(gas, abs=1_000)
        assert used + BURNT < GAS


def test_what_is_unlisted_is_left_where_it_is(lender: Lender) -> None:
    lender.says(100, 100)
    assert lender.set() == 7_500
    unlisting = lender.turner.call("unlist", lender.asset_address)
    lender.own(unlisting)
    assert lender.refused(lender.turner, lender.owner, unlisting) == "OutOfRange"
    lender.says(100, 100)
    assert lender.does(lender.liquidator, lender.turner.call("turn"), after=60)
    assert (lender.tightness, lender.terms()[0]) == (5_000, 7_500)
    lender.own(lender.turner.call("list", lender.asset_address, TIGHT))
    assert lender.ask(lender.turner, "reserves", lender.asset_address)[0] == 7_500


def test_listing_again_while_it_is_tight_keeps_what_people_had_set(lender: Lender) -> None:
    lender.says(100, 100)
    assert lender.set() < aave.LTV
    lender.own(lender.turner.call("list", lender.asset_address, TIGHT))
    assert lender.ask(lender.turner, "reserves", lender.asset_address)[0] == aave.LTV


def test_it_touches_only_what_its_owner_lists(lender: Lender) -> None:
    asset, calls = lender.asset_address, lender.turner.call
    for call, account, reason in (
        (calls("set", "0x" + "11" * 20), lender.liquidator, "HandsOff"),
        (calls("list", asset, 1), lender.liquidator, "OwnableUnauthorizedAccount"),
        (calls("unlist", asset), lender.liquidator, "OwnableUnauthorizedAccount"),
        (calls("list", asset, 9_000), lender.owner, "OutOfRange"),
    ):
        assert lender.refused(lender.turner, account, call) == reason
