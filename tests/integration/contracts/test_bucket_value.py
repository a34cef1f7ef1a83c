"""What an amount counts for, by a price feed of any honesty, on a real node."""

from typing import Any

import pytest

from responders.bucket import Limits
from sandbox.evm import ETHER, Contract
from sandbox.node import LocalNode
from tests.feeds import BREAKS, BURNS_GAS, REVERTS, WRITES, answering, round_data
from tests.integration.contracts.vaulted import CREDIT, HOUR, NATIVE, RAMP, Vaulted

pytestmark = pytest.mark.node

CENTS = 10**8
"""The feed's decimals, as Chainlink's dollar feeds have them."""
LOW, PRICE, HIGH = 1000 * CENTS, 2000 * CENTS, 4000 * CENTS
CENT = 100
"""Values are in cents of a dollar: what is declared below is 20,000 dollars."""
DOLLARS = Limits(20_000 * CENT, 100)
UNIT = ETHER * CENTS // CENT


class Valued(Vaulted):
    """A vault whose bucket counts dollars."""

    def __init__(self, node: LocalNode) -> None:
        super().__init__(node)
        self.feed: Contract = self.create("ToyFeed")
        self.say(PRICE)
        self.terms(self.feed.address)
        self.chain.mine(RAMP + 2 * HOUR * 100)
        self.say(PRICE)

    def terms(self, feed: str) -> None:
        """Let the owner price the bucket by a feed."""
        terms = feed, HOUR, LOW, HIGH, UNIT, RAMP, CREDIT, False
        self.own("list", NATIVE, terms, *DOLLARS)

    def say(self, price: int, *, age: int = 0) -> None:
        """Let the feed say a price of some age."""
        updated = self.chain.timestamp() - age
        assert self.does(self.owner, self.feed.call("set", price, updated))

    def price(self) -> int:
        """Return the price that counts."""
        return int(self.chain.read(self.bucket, "price", NATIVE)[0])


@pytest.fixture
def valued(node: LocalNode) -> Valued:
    return Valued(node)


def test_what_may_leave_is_a_value(valued: Valued) -> None:
    assert valued.available() == DOLLARS.capacity
    assert not valued.withdraw(10 * ETHER + 1)
    assert valued.withdraw(10 * ETHER)


def test_twice_the_price_is_half_the_amount(valued: Valued) -> None:
    valued.say(2 * PRICE)
    assert not valued.withdraw(5 * ETHER + 1)
    assert valued.withdraw(5 * ETHER)


def test_every_amount_counts(valued: Valued) -> None:
    """A dust withdrawal is rounded up, so that no number of them is free."""
    assert valued.chain.read(valued.bucket, "valueOf", NATIVE, 1) == (1,)
    assert valued.chain.read(valued.bucket, "valueOf", NATIVE, 0) == (0,)


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({"price": 0}, HIGH),
        ({"price": -PRICE}, HIGH),
        ({"price": PRICE, "age": HOUR}, HIGH),
        ({"price": PRICE, "age": -(10**9)}, HIGH),
        ({"price": 1}, LOW),
        ({"price": 2**255 - 1}, HIGH),
        ({"price": PRICE}, PRICE),
    ],
    ids=["zero", "negative", "stale", "from the future", "collapsed", "pumped", "fresh"],
)
def test_a_feed_is_believed_within_the_band_only(
    valued: Valued, told: dict[str, Any], counts: int
) -> None:
    valued.say(**told)
    assert valued.price() == counts
    assert not valued.withdraw(20_000 * ETHER * CENTS // counts + 10**12)
    assert valued.withdraw(19_000 * ETHER * CENTS // counts)


def test_a_feed_that_breaks_or_is_gone_does_not_stop_withdrawals(valued: Valued) -> None:
    assert valued.does(valued.owner, valued.feed.call("breakDown"))
    assert valued.price() == HIGH
    assert valued.withdraw(4 * ETHER)
    valued.node.rpc("anvil_setCode", valued.feed.address, "0x")
    assert valued.price() == HIGH
    assert valued.withdraw(ETHER // 2)


@pytest.mark.parametrize(
    "rounds",
    [
        {"number": 0, "answered": 0},
        {"number": 2**256 - 1, "answered": 7},
        {"number": 9, "answered": 8},
    ],
    ids=["none", "past the last", "carried over"],
)
def test_whatever_its_rounds_are_the_time_of_a_price_decides(
    valued: Valued, rounds: dict[str, int]
) -> None:
    now = valued.chain.timestamp()
    for updated, counts in ((now, PRICE), (now - HOUR, PRICE), (now - HOUR - 1, HIGH), (0, HIGH)):
        code = answering(round_data(PRICE, 0, updated=updated, **rounds))
        valued.node.rpc("anvil_setCode", valued.feed.address, code)
        assert valued.price() == counts, updated
    assert valued.withdraw(4 * ETHER)


@pytest.mark.parametrize(
    "code",
    [
        REVERTS,
        BREAKS,
        WRITES,
        answering(round_data(PRICE, 2**40)[:-1]),
        answering(round_data(PRICE, 2**40) + b"\x00"),
        answering(b"\xff" * 160),
        answering(b"\xff" * 60_000),
    ],
    ids=["reverts", "breaks", "writes", "short", "long", "all ones", "very long"],
)
def test_code_of_any_kind_counts_as_the_dear_end_and_stops_no_withdrawal(
    valued: Valued, code: str
) -> None:
    valued.node.rpc("anvil_setCode", valued.feed.address, code)
    assert valued.price() == HIGH
    assert valued.withdraw(4 * ETHER)
    assert int(valued.receipt["gasUsed"], 16) < 500_000


def test_a_feed_that_burns_all_gas_does_not_stop_withdrawals(valued: Valued) -> None:
    valued.node.rpc("anvil_setCode", valued.feed.address, BURNS_GAS)
    assert valued.price() == HIGH
    assert valued.withdraw(4 * ETHER)
