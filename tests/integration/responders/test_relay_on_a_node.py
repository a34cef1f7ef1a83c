"""A brake goes to the private relay first, and to everybody when no block came of it."""

from contextlib import closing

import pytest

from responders.relay import Relay, RelayMethod
from tests.dawdler import dawdler
from tests.integration.responders.place import Place
from tests.integration.responders.relay import RelayServer
from tests.unit.responders.bench import FINAL, Beside

pytestmark = pytest.mark.node

METHODS: list[RelayMethod] = ["eth_sendRawTransaction", "eth_sendPrivateTransaction"]


@pytest.mark.parametrize("method", METHODS)
def test_a_relay_that_delivers_has_the_brake_alone(place: Place, method: RelayMethod) -> None:
    with (
        closing(RelayServer(place.node)) as server,
        closing(Relay(server.address, method, 2, 5.0)) as relay,
        place.responder(beside=Beside(relay=relay)) as responder,
    ):
        responder.receive(place.alert())
        place.mine(responder, 1 + FINAL)
        assert [how for how, _ in server.heard] == [method]
        assert responder.states()[-3:] == ["broadcast", "included", "final"]
        told = [step.reason for step in responder.published() if step.state == "broadcast"]
    assert told == ["handed to the relay"]
    assert place.paused()
    assert place.sent() == place.began + 1


def test_one_that_keeps_it_is_passed_by_after_two_blocks_with_the_same_bytes(place: Place) -> None:
    with (
        closing(RelayServer(place.node, delivers=False)) as server,
        closing(Relay(server.address, "eth_sendRawTransaction", 2, 5.0)) as relay,
        place.responder(beside=Beside(relay=relay)) as responder,
    ):
        responder.receive(place.alert())
        place.mine(responder)
        assert place.pending() == {}
        place.mine(responder)
        ((_, waiting),) = place.pending().items()
        (course,) = responder.ledger.courses.values()
        (attempt,) = course.attempts
        assert (attempt.tx, attempt.raw) == (waiting["hash"], server.heard[0][1])
        place.mine(responder, 1 + FINAL)
        assert responder.states()[-4:] == ["broadcast", "broadcast", "included", "final"]
    assert place.paused()
    assert place.sent() == place.began + 1


@pytest.mark.parametrize("gone", [True, False], ids=["silent", "refusing"])
def test_one_that_does_not_take_it_costs_no_block(place: Place, *, gone: bool) -> None:
    server = RelayServer(place.node, refuses=True)
    if gone:
        server.close()
    with (
        closing(Relay(server.address, "eth_sendRawTransaction", 2, 5.0)) as relay,
        place.responder(beside=Beside(relay=relay)) as responder,
    ):
        responder.receive(place.alert())
        place.mine(responder)
        assert place.paused()
    if not gone:
        server.close()


def test_a_restart_without_the_relay_goes_public(place: Place) -> None:
    with (
        closing(RelayServer(place.node, delivers=False)) as server,
        closing(Relay(server.address, "eth_sendRawTransaction", 2, 5.0)) as relay,
        place.responder(beside=Beside(relay=relay)) as responder,
    ):
        responder.receive(place.alert())
        assert place.pending() == {}
    with place.responder() as responder:
        place.mine(responder, 2)
    assert place.paused()
    assert place.sent() == place.began + 1


def test_one_that_never_answers_costs_its_timeout_and_no_block(place: Place) -> None:
    with (
        dawdler() as address,
        closing(Relay(address, "eth_sendRawTransaction", 2, 0.2)) as relay,
        place.responder(beside=Beside(relay=relay)) as responder,
    ):
        responder.receive(place.alert())
        place.mine(responder)
        assert place.paused()
