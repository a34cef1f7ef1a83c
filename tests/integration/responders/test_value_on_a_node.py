"""What is at stake, asked of a real node: what a pool holds, whether an attack works again."""

from decimal import Decimal

import pytest

from responders.holdings import Holdings
from schemas.loss import Asset, Loss
from schemas.manifest import Manifest
from tests.integration.responders.place import Place

pytestmark = pytest.mark.node


def valued(place: Place) -> Manifest:
    """The world's protocol, with a price on its dollar."""
    asset = Asset(
        token=place.manifest.tokens[0].address,
        price=Decimal(1),
        allowable=Decimal(100_000),
        loss_per_second=Decimal(16_000),
    )
    loss = Loss(detect_seconds=1, decide_seconds=1, include_seconds=2)
    return place.manifest.model_copy(update={"assets": (asset,), "loss": loss})


def test_what_the_pool_holds_is_read_in_money(place: Place) -> None:
    given = valued(place)
    token, head = given.tokens[0], place.chain.head().number
    held = Holdings(place.chain, given).at(head)
    assert held.value is not None
    assert held.value > 0
    with place.responder(given=given) as responder:
        responder.receive(place.alert())
        (proposed, *_) = responder.published()
        assert responder.outlook.value(given.protocol) == float(held.value)
    terms = {term.name: term.value for term in proposed.terms}
    assert terms["value_exposed"] == float(held.value)
    assert token.decimals == 6


def test_a_transaction_is_executed_again_at_the_head(place: Place) -> None:
    user, dollar = place.world.users[0], place.world.tokens.dollar
    working = place.hands.send(user, dollar.call("approve", place.world.pool.address, 1))
    place.hands.mine()
    head = place.chain.head().number
    answer = place.chain.replay(working, head)
    assert answer is not None
    assert answer.ok
    assert place.chain.replay("0x" + "ab" * 32, head) is None


def test_what_works_only_once_shows_no_value_at_risk(place: Place) -> None:
    place.brake_by_hand()
    place.hands.mine()
    block = place.node.rpc("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the interface's
    (once,) = block["transactions"]
    assert place.hands.receipt(once)["status"] == "0x1"
    answer = place.chain.replay(once, place.chain.head().number)
    assert answer is not None
    assert not answer.ok
