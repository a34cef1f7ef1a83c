"""Cover never promises more than there is, at a price between two ends, on a real node."""

import pytest
from eth_utils.crypto import keccak

from sandbox.evm import ETHER, Call
from sandbox.node import LocalNode
from tests.integration.underwriting.covered import DAY, Covered, Terms
from tests.integration.underwriting.insured import PERCENT

pytestmark = pytest.mark.node

OTHER = keccak(text="another case")
COVER = 100 * ETHER
TRUE, FALSE = True, False


@pytest.fixture
def covered(chain_node: LocalNode) -> Covered:
    return Covered(chain_node)


# ---------------------------------------------------------------------- solvency


def test_covers_never_exceed_the_capital(covered: Covered) -> None:
    covered.reported(1.0)
    assert covered.does(covered.holder, covered.buying(900 * ETHER))
    free = covered.told("capital") - covered.told("committed")
    too_much = covered.buying(free + 1)
    assert covered.refusal(covered.holder, too_much, covered.pool) == "NotCovered"
    assert covered.no(covered.owner, "reclaim", free + 1) == "NotCovered"
    assert covered.does_pool(covered.owner, "reclaim", free)
    assert covered.refusal(covered.holder, covered.buying(1), covered.pool) == "NotCovered"
    assert covered.solvent()


def test_all_of_it_can_be_paid_at_once(covered: Covered) -> None:
    covered.reported(1.0)
    for _ in range(4):
        assert covered.does(covered.holder, covered.buying(250 * ETHER))
    covered.chain.mine(covered.terms.waiting)
    name = covered.asserted()
    covered.settled(name)
    for policy in range(1, 5):
        assert covered.does_pool(covered.holder, "claim", policy, name)
    assert covered.does_pool(covered.holder, "withdraw", covered.holder.address)
    assert covered.told("committed") == 0
    assert covered.solvent()


def test_who_asks_for_more_while_it_is_paid_gets_nothing(covered: Covered) -> None:
    covered.reported(1.0)
    greedy = covered.create("GreedyHolder", covered.pool.address)
    premium = covered.told("quote", COVER, 30 * DAY)
    assert covered.does(covered.holder, greedy.call("buy", COVER, 30 * DAY, value=premium * 2))
    covered.chain.mine(covered.terms.waiting)
    name = covered.asserted()
    covered.settled(name)
    held = covered.chain.ether(covered.pool.address)
    assert covered.does(covered.stranger, greedy.call("collect", name))
    got = covered.chain.ether(greedy.address)
    assert (covered.ask("paid", of=greedy), covered.ask("gotMore", of=greedy)) == (1, False)
    assert held - covered.chain.ether(covered.pool.address) == got >= COVER
    assert covered.solvent()


# ---------------------------------------------------------------------- the price


def test_the_price_follows_the_feed_between_its_ends(covered: Covered) -> None:
    def rate() -> int:
        return int(covered.told("rateNow"))

    terms: Terms = covered.terms
    assert rate() == terms.most_rate  # nothing was reported
    for told, expected in (
        (PERCENT, PERCENT),
        (0, terms.least_rate),
        (99 * PERCENT, terms.most_rate),
    ):
        covered.reported(1.0, cover_rate=told)
        assert rate() == expected
    covered.reported(1.0, cover_rate=PERCENT, horizon=15 * DAY)
    assert rate() == 2 * PERCENT
    covered.reported(1.0, cover_rate=PERCENT, horizon=2**32 - 1)
    assert rate() == terms.least_rate  # no horizon makes cover cheaper than its least
    covered.reported(1.0, cover_rate=PERCENT, standing=1)
    assert rate() == terms.most_rate
    covered.reported(1.0, cover_rate=PERCENT)
    covered.chain.mine(terms.fresh + 1)
    assert rate() == terms.most_rate  # silence makes no cover cheap


def test_a_premium_is_what_was_quoted_and_becomes_capital(covered: Covered) -> None:
    covered.reported(1.0)
    premium = covered.told("quote", COVER, 60 * DAY)
    assert premium == COVER * 2 // 100
    buying = covered.pool.call("buy", COVER, 60 * DAY, premium - 1, value=premium)
    assert covered.refusal(covered.holder, buying, covered.pool) == "TooDear"
    buying = covered.pool.call("buy", COVER, 60 * DAY, premium, value=premium - 1)
    assert covered.refusal(covered.holder, buying, covered.pool) == "WrongAmount"
    capital = covered.told("capital")
    assert covered.does(
        covered.holder, covered.pool.call("buy", COVER, 60 * DAY, premium, value=premium + 5)
    )
    assert covered.told("capital") == capital + premium
    assert covered.owed(covered.holder) == 5


@pytest.mark.parametrize(("amount", "seconds"), [(0, DAY), (1, DAY - 1), (1, 367 * DAY)])
def test_no_cover_without_amount_or_time(covered: Covered, amount: int, seconds: int) -> None:
    call: Call = covered.pool.call("buy", amount, seconds, ETHER, value=ETHER)
    assert covered.refusal(covered.holder, call, covered.pool) == "OutOfRange"


# ---------------------------------------------------------------------- the owner


def test_the_owner_judges_never_in_its_own_cause(covered: Covered) -> None:
    assert covered.does_pool(covered.owner, "transferOwnership", covered.arbiter.address)
    assert covered.does_pool(covered.arbiter, "acceptOwnership")
    covered.reported(1.0)
    assert covered.refusal(covered.holder, covered.buying(), covered.pool) == "OwnCause"
    assert covered.no(covered.arbiter, "renounceOwnership") == "OwnerRequired"
    assert covered.no(covered.stranger, "reclaim", 1) == "OwnableUnauthorizedAccount"
