"""The gate's authority on a real node."""

import pytest

from responders.heartbeat import Heartbeat, HeartbeatError
from tests.integration.responders.place import Place

pytestmark = pytest.mark.node


def heartbeat(place: Place, name: str = "heartbeat") -> Heartbeat:
    signer = place.signer_of(name)
    return Heartbeat(place.chain, signer, place.world.gate.address, ("meadow",), 500 * 10**9)


def until(place: Place) -> int:
    found: int = place.hands.read(place.world.gate, "authorityUntil")[0]
    return found


def test_a_heartbeat_renews_the_authority_at_a_third_of_its_time(place: Place) -> None:
    beats, before = heartbeat(place), until(place)
    (ttl,) = place.hands.read(place.world.gate, "ttl")
    place.hands.mine()
    early = beats.beat(), beats.waiting
    assert early == (None, False)
    place.hands.mine(ttl // 3)
    due = beats.beat(), beats.waiting
    assert due == (None, True)
    place.hands.mine()
    assert beats.beat() == place.hands.timestamp()
    assert until(place) == place.hands.timestamp() + ttl > before


def test_after_a_lapse_it_calls_for_people(place: Place) -> None:
    (ttl,) = place.hands.read(place.world.gate, "ttl")
    place.hands.mine(ttl + 1)
    with pytest.raises(HeartbeatError, match="only its Safe"):
        heartbeat(place).beat()


def test_another_account_is_refused_before_anything_is_sent(place: Place) -> None:
    (ttl,) = place.hands.read(place.world.gate, "ttl")
    place.hands.mine(ttl // 2)
    with pytest.raises(HeartbeatError, match="NotHeartbeat"):
        heartbeat(place, "responder").beat()
    assert place.pending() == {}
