"""Each key in a thief's hands, on the real chain: all that it opens, and what bounds it."""

import pytest

from sandbox.evm import Call
from schemas.alerts import Alert
from tests.integration.compromise.powers import (
    UNPAUSE,
    brake,
    contracts,
    powers,
    tokens,
    tried,
)
from tests.integration.responders.place import Place

pytestmark = pytest.mark.node

BUDGET, TTL = 2, 21_600
"""Of the world's gate: brakes in its window, seconds of authority without a heartbeat."""


def held(place: Place) -> dict[str, int]:
    """What the pool holds, by token."""
    pool = place.world.pool.address
    return {
        name: place.hands.read(token, "balanceOf", pool)[0] for name, token in tokens(place).items()
    }


def account(place: Place, name: str) -> str:
    return place.world.accounts[name].address


@pytest.mark.parametrize(
    ("key", "opens"),
    [
        ("responder", {"gate.brake(bytes32,uint64,address,bytes)"}),
        ("heartbeat", {"gate.heartbeat()"}),
        ("owner-1", set()),
    ],
)
def test_a_stolen_key_opens_one_door_and_no_other(place: Place, key: str, opens: set[str]) -> None:
    """Every function of gate, pool, Safe and tokens is tried in its name and in a stranger's."""
    found = {one for one in powers(place, account(place, key)) if not one.startswith("safe.")}
    assert found == opens
    assert len(contracts(place)) == 5


def test_with_the_responders_key_the_pool_is_halted_and_nothing_is_taken(place: Place) -> None:
    before, thief = held(place), place.world.accounts["responder"]
    stop = Call(to=place.world.gate.address, data=brake(place, 1))
    place.hands.settle([place.hands.send(thief, stop)])
    assert place.paused()
    assert held(place) == before
    (release,) = tried(place, thief.address, place.world.gate, brake(place, 2, UNPAUSE))
    (direct,) = tried(place, thief.address, place.world.pool, UNPAUSE)
    assert (release.ok, direct.ok) == (False, False)


def test_it_halts_as_often_as_the_gates_budget_says_whoever_releases_it(place: Place) -> None:
    gate, pool, thief = place.world.gate, place.world.pool, place.world.accounts["responder"]
    done = 0
    for number in range(1, 6):
        place.hands.send(thief, Call(to=gate.address, data=brake(place, number)))
        place.hands.mine()
        done += place.paused()
        if place.paused():
            place.by_safe(pool.call("unpause"))
    assert done == place.hands.read(gate, "budget")[0] == BUDGET


def test_without_heartbeats_a_stolen_responder_key_is_worth_nothing_after_the_ttl(
    place: Place,
) -> None:
    gate, thief = place.world.gate, account(place, "responder")
    until = place.hands.read(gate, "authorityUntil")[0]
    now = place.hands.timestamp()
    assert 0 < until - now <= TTL == place.hands.read(gate, "ttl")[0]
    place.hands.mine(until - now)
    beat = gate.call("heartbeat").data
    for who, call in ((thief, brake(place, 1)), (account(place, "heartbeat"), beat)):
        assert [one.ok for one in tried(place, who, gate, call)] == [False]


def test_both_keys_keep_each_other_in_power_until_the_safe_ends_it_in_one_block(
    place: Place,
) -> None:
    gate = place.world.gate
    beat = Call(to=gate.address, data=gate.call("heartbeat").data)
    for _ in range(3):
        place.hands.send(place.world.accounts["heartbeat"], beat)
        place.hands.mine(TTL // 2)
    assert tried(place, account(place, "responder"), gate, brake(place, 1))[0].ok
    place.by_safe(gate.call("kill"))
    assert not tried(place, account(place, "responder"), gate, brake(place, 1))[0].ok
    assert not tried(place, account(place, "heartbeat"), gate, beat.data)[0].ok


def test_a_safe_that_is_turned_cannot_make_the_gate_release_what_it_braked(place: Place) -> None:
    """The governance Safe may allow the gate any call, and release by its own hand; the gate itself
    has the pauser's role and no other, so what it was made for is all that it can do."""
    gate, pool = place.world.gate, place.world.pool
    place.brake_by_hand()
    place.hands.mine()
    place.by_safe(gate.call("setBrake", pool.address, UNPAUSE, True))  # noqa: FBT003 - the contract's
    (through_the_gate,) = tried(place, account(place, "responder"), gate, brake(place, 2, UNPAUSE))
    assert not through_the_gate.ok
    assert place.paused()


def test_with_the_detectors_key_as_many_brakes_as_the_budget_allows(place: Place) -> None:
    """Fifty alarms that look real, each about another transaction."""
    before = held(place)
    forged: list[Alert] = [place.alert(number) for number in range(1, 51)]
    with place.responder() as responder:
        responder.receive(*forged)
        place.mine(responder, 5)
        allowed = place.manifest.limits.brakes_per_window
    assert len(place.brakes()) == allowed == 1
    assert place.sent() == place.began + 1
    assert held(place) == before


def test_the_worst_of_them_is_a_halt_and_ends_with_one_call_of_the_safe(place: Place) -> None:
    place.brake_by_hand()
    place.hands.mine()
    assert place.paused()
    place.by_safe(place.world.pool.call("unpause"))
    assert not place.paused()
