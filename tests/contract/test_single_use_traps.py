"""Traps of brakes that work once, for a time, while somebody lives (Lido), on a real node."""

import pytest

from responders.adapters.base import Condition, Outcome
from responders.heartbeat import Heartbeat, HeartbeatError
from responders.levers import kept_alive, within_reach
from responders.signer import KeySigner
from sandbox.evm import GWEI, Account
from schemas.manifest import Contract, Manifest
from tests.contract.exhibits import timed
from tests.contract.exhibits.timed import INTERVAL, PAUSE_SECONDS
from tests.contract.stage import ACTION, Exhibit, Stage
from tests.unit.responders.examples import costs

pytestmark = pytest.mark.node

YEAR = 365 * 86_400
KEEPER = Account.named("keeper")


def failing(stage: Stage, shown: Exhibit) -> str:
    trial = stage.adapter(shown.brake).simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    return trial.reason


def heartbeat(stage: Stage, seat: str, account: Account = KEEPER) -> Heartbeat:
    stage.node.rpc("anvil_setBalance", account.address, hex(10**18))
    signer = KeySigner(bytes(account.signer.key), stage.hands.id)
    return Heartbeat(stage.chain, signer, seat, ("meadow",), 500 * GWEI)


def test_a_pause_lapses_by_itself_when_its_plan_says(stage: Stage) -> None:
    adapter = stage.adapter(timed.circuit_breaker(stage, stage.responder.address).brake)
    assert adapter.plan().lapses_after == PAUSE_SECONDS
    stage.pull(adapter)
    stage.hands.mine(PAUSE_SECONDS - 1)
    assert adapter.probe(stage.head) is Condition.BRAKED
    stage.hands.mine(1)
    assert adapter.probe(stage.head) is Condition.OPEN


def test_a_pauser_is_spent_by_one_use(stage: Stage) -> None:
    shown = timed.circuit_breaker(stage, stage.responder.address)
    stage.pull(stage.adapter(shown.brake))
    stage.do(stage.people, *shown.release)
    assert "spent, or not its pauser; its admin has to register it" in failing(stage, shown)


def test_it_is_not_spent_on_what_is_paused_already(stage: Stage) -> None:
    pausable, breaker, seat = timed.breaker(stage, stage.responder.address)
    other = stage.deployer.create("PauserSeat", breaker.address, stage.people.address, timed.KEEPER)
    stage.deployer.settle()
    brake = timed.breaker_brake(seat, pausable)
    stage.do(stage.people, breaker.call("registerPauser", pausable.address, other.address))
    stage.do(stage.people, other.call("pause", pausable.address))
    stage.do(stage.people, breaker.call("registerPauser", pausable.address, seat.address))
    adapter = stage.adapter(brake)
    assert adapter.probe(stage.head) is Condition.BRAKED
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.BRAKED_ALREADY
    assert stage.hands.read(breaker, "getPauser", pausable.address) == (seat.address,)


def test_without_a_heartbeat_it_cannot_pause_nor_come_back(stage: Stage) -> None:
    pausable, _, seat = timed.breaker(stage, stage.responder.address, KEEPER.address)
    brake = timed.breaker_brake(seat, pausable)
    stage.hands.mine(INTERVAL)
    shown = Exhibit(brake, ())
    assert "no heartbeat came in time; its admin has to register it again" in failing(stage, shown)
    with pytest.raises(HeartbeatError, match="only its admin can register"):
        heartbeat(stage, seat.address).beat()


def test_the_heartbeat_process_keeps_it_alive(stage: Stage) -> None:
    pausable, breaker, seat = timed.breaker(stage, stage.responder.address, KEEPER.address)
    beats = heartbeat(stage, seat.address)
    for _ in range(5):
        stage.hands.mine(INTERVAL // 2)
        beats.beat()
        stage.hands.mine()
        assert beats.beat() == stage.hands.timestamp()
    (until,) = stage.hands.read(breaker, "heartbeatExpiry", seat.address)
    assert beats.until == until == stage.hands.timestamp() + INTERVAL
    adapter = stage.adapter(timed.breaker_brake(seat, pausable))
    assert adapter.verify(stage.pull(adapter)).holds


def test_a_pauser_that_is_spent_pages(stage: Stage) -> None:
    """It has nothing left to pause, so the breaker takes no heartbeat from it either."""
    pausable, _, seat = timed.breaker(stage, stage.responder.address, KEEPER.address)
    stage.pull(stage.adapter(timed.breaker_brake(seat, pausable)))
    stage.hands.mine(INTERVAL // 2)
    with pytest.raises(HeartbeatError, match="spent, or not its pauser; its admin has to register"):
        heartbeat(stage, seat.address).beat()


def test_neither_account_does_the_others_part(stage: Stage) -> None:
    pausable, breaker, seat = timed.breaker(stage, stage.responder.address, KEEPER.address)
    assert not stage.works(KEEPER, seat.call("pause", pausable.address))
    assert not stage.works(stage.responder, seat.call("heartbeat"))
    assert not stage.works(stage.responder, breaker.call("heartbeat"))
    stage.hands.mine(INTERVAL // 2)
    with pytest.raises(HeartbeatError, match="the account is not the seat's"):
        heartbeat(stage, seat.address, stage.responder).beat()


def test_a_seat_is_kept_alive_beside_the_gate(stage: Stage) -> None:
    gate = stage.new_gate()
    shown = timed.circuit_breaker(stage, gate.address)
    seal = timed.gate_seal(stage, stage.responder.address).brake
    brakes = (
        shown.brake.model_copy(update={"gate": gate.address}),
        seal.model_copy(update={"name": "other"}),
    )
    manifest = Manifest(
        protocol="meadow",
        chain=stage.chain.name,
        contracts=(Contract(address=shown.brake.target, role="other"),),
        halt=costs(),
        brakes=brakes,
    )
    levers = within_reach([manifest], stage.chain, 1)
    assert kept_alive(levers) == {gate.address: ["meadow"], shown.brake.target: ["meadow"]}


def test_a_seal_is_spent_by_one_use_and_lapses(stage: Stage) -> None:
    shown = timed.gate_seal(stage, stage.responder.address)
    adapter = stage.adapter(shown.brake)
    assert adapter.plan().lapses_after == PAUSE_SECONDS
    assert adapter.verify(stage.pull(adapter)).holds
    stage.hands.mine(PAUSE_SECONDS)
    assert adapter.probe(stage.head) is Condition.OPEN
    assert "the seal is spent, or has expired; a new one is needed" in failing(stage, shown)


def test_a_seal_expires_unused(stage: Stage) -> None:
    seal, *pausables = timed.sealed(stage, stage.responder.address, lasting=YEAR)
    stage.hands.mine(YEAR)
    brake = timed.seal_brake(seal, *pausables)
    assert "has expired" in failing(stage, Exhibit(brake, ()))


def test_a_seal_on_some_is_none_on_the_others(stage: Stage) -> None:
    seal, *pausables = timed.sealed(stage, stage.responder.address)
    first = stage.adapter(timed.seal_brake(seal, pausables[0]))
    assert first.verify(stage.pull(first)).holds
    both = stage.adapter(timed.seal_brake(seal, *pausables))
    assert both.probe(stage.head) is Condition.OPEN
