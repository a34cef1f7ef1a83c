"""Two transactions of one attack, each seen by another detector, on a real node."""

from typing import Any

import pytest

from responders.rederive import decided, rederive
from tests.integration.responders.place import Place
from tests.unit.responders.examples import AMOUNTS, CALLS

pytestmark = pytest.mark.node

ODD = 0.002
"""A p-value that ordinary life gives now and then, within the budget."""


def test_two_transactions_of_one_signer_pause_the_pool(place: Place) -> None:
    thief = place.world.users[0].address.lower()
    with place.responder() as responder:
        prepares = place.alert(1, votes=(CALLS,), sender=thief)
        responder.receive(prepares)
        place.mine(responder)
        assert not place.paused()
        takes = place.alert(2, votes=(AMOUNTS,), sender=thief)
        responder.receive(takes)
        place.mine(responder)
        assert place.paused()
        steps = [step for step in responder.published() if decided(step)]
    assert [(step.state, step.alert, step.linked) for step in steps] == [
        ("refused", prepares.id, None),
        ("authorised", takes.id, prepares.id),
    ]
    for step in steps:
        again = rederive(step)
        assert again.equal, again.differences


def test_a_loud_decoy_beside_an_odd_transaction_pauses_nothing(place: Place) -> None:
    user, decoy = (place.world.users[n].address.lower() for n in (0, 1))
    lost: dict[str, Any] = {"losing": (place.world.pool.address,)}
    with place.responder() as responder:
        odd = place.alert(1, votes=(AMOUNTS,), sender=user, p_value=ODD, **lost)
        responder.receive(odd)
        place.mine(responder)
        loud = place.alert(2, votes=(CALLS,), sender=decoy, p_value=0.0, **lost)
        responder.receive(loud)
        place.mine(responder, 2)
        last = [step for step in responder.published() if decided(step)][-1]
    assert not place.paused()
    assert (last.state, last.alert, last.linked) == ("refused", loud.id, odd.id)
    assert "too unlikely" in last.reason
