"""A responder, the gate and the pool on a real node."""

from contextlib import suppress
from pathlib import Path

import pytest

from responders.journal import Journal
from runtime.evm import Endpoints
from runtime.settings import RespondSettings
from schemas.manifest import Brake, Limits
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL, Crash, FragileJournal

pytestmark = pytest.mark.node

WHOLE_WAY = [
    "proposed",
    "authorised",
    "nonce-reserved",
    "signed",
    "broadcast",
    "included",
    "final",
]


def test_an_alert_pauses_the_pool_through_the_gate(place: Place) -> None:
    with place.responder() as responder:
        responder.receive(place.alert())
        place.mine(responder)
        assert place.paused()
        place.mine(responder, FINAL)
        assert responder.states() == WHOLE_WAY
        steps = responder.published()
    assert place.brakes() == [steps[0].action]
    receipt = place.hands.receipt(steps[-1].tx)
    assert receipt["to"] == place.world.gate.address
    assert receipt["blockHash"] == steps[-1].block_hash


def test_a_pool_that_is_paused_satisfies_the_brake(place: Place) -> None:
    place.brake_by_hand()
    place.hands.mine()
    with place.responder() as responder:
        responder.receive(place.alert())
        assert responder.states() == ["proposed", "authorised", "satisfied"]
    assert place.pending() == {}


def test_losing_the_race_to_pause_satisfies_the_brake(place: Place) -> None:
    second = place.world.accounts["liquidator"].address
    place.by_safe(place.world.gate.call("setResponder", second, True))  # noqa: FBT003 - the contract's
    with place.responder() as responder:
        responder.receive(place.alert())
        place.node.rpc("anvil_dropAllTransactions")
        place.brake_by_hand("liquidator")
        place.mine(responder)
        raw = next(iter(responder.ledger.courses.values())).attempts[0].raw
        place.chain.send(raw)
        place.mine(responder, 1 + FINAL)
        assert responder.states()[-2:] == ["included", "satisfied"]
        assert "reverted; the target is braked" in responder.published()[-1].reason


def test_dry_run_sends_nothing_and_is_the_default(place: Place) -> None:
    assert RespondSettings().armed is False
    with place.responder(armed=False) as responder:
        responder.receive(place.alert())
        place.mine(responder, 2)
        assert responder.states() == ["proposed", "rehearsed"]
    assert place.pending() == {}
    assert place.sent() == place.began
    assert not place.paused()


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 6))
def test_a_restart_at_every_state_has_one_effect(place: Place, at: int, *, before: bool) -> None:
    attack = place.alert()
    journal = FragileJournal(place.journal, at, before=before)
    with suppress(Crash), place.responder(journal=journal) as responder:
        responder.receive(attack)
        place.mine(responder, 1 + FINAL)
        pytest.fail("it did not crash")
    with place.responder() as responder:
        responder.receive(attack)
        place.mine(responder, 2 + FINAL)
        assert [course.state for course in responder.ledger.courses.values()] == ["final"]
    assert place.paused()
    assert len(place.brakes()) == 1
    assert place.sent() == place.began + 1


def test_a_stuck_transaction_is_replaced_with_its_nonce(place: Place) -> None:
    with place.responder() as responder:
        responder.receive(place.alert())
        ((nonce, first),) = place.pending().items()
        expensive = hex(2 * int(first["maxFeePerGas"], 16))
        for _ in range(3):
            place.node.rpc("anvil_setNextBlockBaseFeePerGas", expensive)
            place.mine(responder)
        ((same, second),) = place.pending().items()
        assert same == nonce
        for field in ("maxFeePerGas", "maxPriorityFeePerGas"):
            assert 10 * int(second[field], 16) >= 11 * int(first[field], 16)
        place.mine(responder, 1 + FINAL)
        assert responder.states()[-1] == "final"
    assert len(place.brakes()) == 1
    assert place.sent() == place.began + 1


@pytest.mark.parametrize("depth", [1, 3])
def test_a_reorg_of_the_brake_re_arms_it(place: Place, depth: int) -> None:
    with place.responder() as responder:
        responder.receive(place.alert())
        place.mine(responder, depth)
        assert responder.states()[-1] == "included"
        place.node.rpc("anvil_reorg", depth, [])
        assert not place.paused()
        responder.look()
        assert responder.states()[-2:] == ["reorged", "broadcast"]
        place.mine(responder, 1 + FINAL)
        assert responder.states()[-1] == "final"
    assert place.paused()
    assert len(place.brakes()) == 1
    assert place.sent() == place.began + 1


def test_a_killed_gate_fails_the_brake_before_anything_is_sent(place: Place) -> None:
    place.by_safe(place.world.gate.call("kill"))
    with place.responder() as responder:
        responder.receive(place.alert())
        assert responder.states() == ["proposed", "authorised", "failed"]
        assert "Disarmed" in responder.published()[-1].reason
    assert place.pending() == {}


def test_after_a_release_by_the_safe_a_new_episode_brakes_again(place: Place) -> None:
    limits = Limits(brakes_per_window=2, cooldown_seconds=0)
    given = place.manifest.model_copy(update={"limits": limits})
    with place.responder(given=given) as responder:
        responder.receive(place.alert())
        place.mine(responder, 1 + FINAL)
        place.by_safe(place.world.pool.call("unpause"))
        responder.look()
        responder.receive(place.alert(2))
        place.mine(responder, 1 + FINAL)
        assert responder.states() == WHOLE_WAY * 2
    assert place.paused()
    assert len(set(place.brakes())) == 2


def test_a_replica_with_a_journal_of_its_own_brakes_no_second_time(
    place: Place, tmp_path: Path
) -> None:
    """Both name the action alike, and the gate takes it once."""
    attack = place.alert()
    with place.responder() as responder:
        responder.receive(attack)
        place.mine(responder)
    replica = Journal(tmp_path / "replica.jsonl")
    with place.responder(journal=replica) as responder:
        responder.receive(attack)
        assert responder.states()[-1] == "satisfied"
    assert len(place.brakes()) == 1


def test_a_role_of_its_own_pauses_without_a_gate(place: Place) -> None:
    (role,) = place.hands.read(place.world.pool, "PAUSER_ROLE")
    place.by_safe(place.world.pool.call("grantRole", role, place.signer.address))
    brake = Brake(name="pause-pool", adapter="pausable", target=place.world.pool.address)
    given = place.manifest.model_copy(update={"brakes": (brake,)})
    with place.responder(given=given) as responder:
        responder.receive(place.alert())
        place.mine(responder, 1 + FINAL)
        assert responder.states() == WHOLE_WAY
    assert place.paused()
    assert place.brakes() == []


def test_without_the_role_it_says_so(place: Place) -> None:
    brake = Brake(name="pause-pool", adapter="pausable", target=place.world.pool.address)
    given = place.manifest.model_copy(update={"brakes": (brake,)})
    with place.responder(given=given) as responder:
        responder.receive(place.alert())
        assert responder.states()[-1] == "failed"
        assert "the account lacks the role" in responder.published()[-1].reason


def test_a_block_that_the_node_does_not_know_yet_is_waited_for(place: Place) -> None:
    ahead = place.alert(block=place.chain.head().number + 1)
    with place.responder() as responder:
        responder.receive(ahead)
        assert responder.states() == ["proposed", "authorised"]
        place.mine(responder, 2)
        assert place.paused()


def test_a_transaction_that_waits_is_braked_before_its_block_is_made(place: Place) -> None:
    waiting = place.alert(phase="pending", block=place.chain.head().number + 1)
    with place.responder() as responder:
        responder.receive(waiting)
        assert responder.states()[-1] == "broadcast"
        place.mine(responder)
        assert place.paused()


def test_over_http_the_node_says_the_same(place: Place) -> None:
    over_http = Endpoints([place.node.http])
    try:
        assert over_http.chain == place.endpoints.chain
        question = ("eth_getBlockByNumber", "latest", True)
        assert over_http.ask(*question) == place.endpoints.ask(*question)
    finally:
        over_http.close()
