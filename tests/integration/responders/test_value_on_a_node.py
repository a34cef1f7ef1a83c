"""What is at stake, asked of a real node: what a pool holds, whether an attack works again."""

from decimal import Decimal

import pytest

from responders.holdings import Holdings
from responders.simulation import Replay
from sandbox.attacks import attack_on
from sandbox.evm import ETHER, Call
from schemas.loss import Asset, Loss
from schemas.manifest import Manifest
from schemas.units import NATIVE
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL

pytestmark = pytest.mark.node

DECIDED = "authorised", "refused"


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


def asked(place: Place, tx: str) -> Replay | None:
    """Execute a transaction again at the head; look at what the pool holds."""
    places = [(place.world.pool.address, place.manifest.tokens[0].address)]
    return place.chain.replay(tx, place.chain.head().number, places)


def test_a_transaction_is_executed_again_at_the_head(place: Place) -> None:
    user, dollar = place.world.users[0], place.world.tokens.dollar
    working = place.hands.send(user, dollar.call("approve", place.world.pool.address, 1))
    place.hands.mine()
    answer = asked(place, working)
    assert answer is not None
    assert answer.ok
    assert answer.before == answer.after
    assert answer.before[0]
    assert asked(place, "0x" + "ab" * 32) is None


def test_what_works_only_once_shows_no_value_at_risk(place: Place) -> None:
    place.brake_by_hand()
    place.hands.mine()
    block = place.node.rpc("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the interface's
    (once,) = block["transactions"]
    assert place.hands.receipt(once)["status"] == "0x1"
    answer = asked(place, once)
    assert answer is not None
    assert not answer.ok


def test_the_chain_s_own_coin_is_seen_to_leave(place: Place) -> None:
    user, other = place.world.users[:2]
    sent = place.hands.send(user, Call(to=other.address, value=ETHER))
    place.hands.mine()
    places = [(user.address, NATIVE), (other.address, NATIVE)]
    answer = place.chain.replay(sent, place.chain.head().number, places)
    assert answer is not None
    before, after = answer.before[1], answer.after[1]
    assert before is not None
    assert before == place.chain.balance(other.address)
    assert after == before + ETHER


@pytest.fixture
def drained(place: Place) -> str:
    """The attack's first drain of the pool, by its hash."""
    creation, drain, *_ = attack_on(place.world, "spot-oracle").transactions()
    sent = [place.hands.send_raw(one) for one in (creation, drain)]
    place.hands.settle(sent)
    return sent[1]


def answered(place: Place, tx: str) -> tuple[str, float]:
    """Answer an alert on a transaction when it is too old to be believed unseen; return how that
    ended, and what was found to be at risk still."""
    given, alert = valued(place), place.alert(tx=tx)
    place.hands.mine()
    for _ in range(given.limits.alert_blocks + 1):
        place.hands.mine()
    with place.responder(given=given) as responder:
        responder.receive(alert)
        place.mine(responder, 1 + FINAL)
        (terms,) = [step.terms for step in responder.published() if step.state in DECIDED]
        found = {term.name: term.value for term in terms}
        return responder.states()[-1], found["still_at_risk"]


def test_an_old_attack_that_would_take_again_is_braked(place: Place, drained: str) -> None:
    held = place.hands.read(place.world.tokens.dollar, "balanceOf", place.world.pool.address)[0]
    state, taken = answered(place, drained)
    assert state == "final"
    assert 0.01 * held / 10**6 < taken < held / 10**6  # one drain, not all there is
    assert place.paused()


def test_an_old_attack_that_succeeds_and_takes_nothing_is_not(place: Place, drained: str) -> None:
    attacker = place.node.rpc("eth_getTransactionByHash", drained)["to"]
    place.node.rpc("anvil_setCode", attacker, "0x")  # the attacker's contract is gone
    assert answered(place, drained) == ("refused", 0.0)
    assert not place.paused()


def test_an_old_alert_on_what_is_harmless_brakes_nothing(place: Place) -> None:
    dollar = place.world.tokens.dollar
    approval = dollar.call("approve", place.world.pool.address, 1)
    harmless = place.hands.send(place.world.users[0], approval)
    place.hands.mine()
    assert answered(place, harmless) == ("refused", 0.0)
    assert not place.paused()
