"""What an amount counts for, by a price feed of any honesty, on a real node."""

from typing import Any

import pytest

from responders.bucket import Limits
from sandbox.evm import ETHER, Contract
from sandbox.node import LocalNode
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


def test_a_feed_that_burns_all_gas_does_not_stop_withdrawals(valued: Valued) -> None:
    valued.node.rpc("anvil_setCode", valued.feed.address, "0x5b600056")
    assert valued.price() == HIGH
    assert valued.withdraw(4 * ETHER)
