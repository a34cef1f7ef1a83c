"""What a drill says of brakes that worked when they were made ready, and would not now."""

from pathlib import Path

import pytest

from responders.drill import Drill
from responders.levers import within_reach
from responders.outlook import Account, Outlook
from sandbox.evm import GWEI, Call
from schemas.manifest import Brake
from tests.contract import safes
from tests.contract.exhibits import ours, timed
from tests.contract.stage import EPOCH, Stage

pytestmark = pytest.mark.node

YEAR = 365 * 86_400


def drill(stage: Stage, brake: Brake, emergency: Path | None = None) -> Drill:
    outlook = Outlook(stage.chain, Account(stage.responder.address, None), 500 * GWEI)
    return Drill(outlook, within_reach([stage.manifest(brake)], stage.chain, EPOCH, emergency))


def trouble(held: Drill) -> str:
    (found,) = held.rehearse()
    return found.trouble


def test_a_seal_that_expired_since_is_told(stage: Stage) -> None:
    seal, *pausables = timed.sealed(stage, stage.responder.address, lasting=YEAR)
    held = drill(stage, timed.seal_brake(seal, *pausables))
    stage.hands.mine(YEAR - 60)
    assert trouble(held) == ""
    stage.hands.mine(60)
    assert "the seal is spent, or has expired; a new one is needed" in trouble(held)


def test_a_safe_whose_nonce_ran_ahead_of_what_was_signed_is_told(
    stage: Stage, tmp_path: Path
) -> None:
    safe = safes.new_safe(stage)
    shown = ours.pausable(stage, safe.address)
    brake = shown.brake.model_copy(update={"safe": safe.address})
    safes.sign(stage, safe, brake, tmp_path, count=2)
    held = drill(stage, brake, tmp_path)
    for left in (2, 1):
        assert trouble(held) == "", left
        safes.by_owners(stage, safe, Call(to=stage.user.address))
    assert "this call is signed for 0, 1: sign it anew" in trouble(held)
    safes.sign(stage, safe, brake, tmp_path, count=1)
    assert trouble(drill(stage, brake, tmp_path)) == ""


def test_a_pauser_whose_heartbeat_lapsed_is_told(stage: Stage) -> None:
    pausable, _, seat = timed.breaker(stage, stage.responder.address)
    held = drill(stage, timed.breaker_brake(seat, pausable))
    assert trouble(held) == ""
    stage.hands.mine(timed.INTERVAL)
    assert "no heartbeat came in time" in trouble(held)


def test_a_pool_past_its_kill_deadline_is_told(stage: Stage) -> None:
    """As Curve's `kill_me()`: a generic brake, whose pool takes it for some weeks only. The pool is
    a few bytes of ours: no package has Curve's."""
    deadline = stage.hands.timestamp() + 60 * 86_400
    # if (block.timestamp < deadline) killed = 1; else revert();
    code = f"63{deadline:08x}421060 0e57 600080fd 5b600160005500".replace(" ", "")
    pool = "0x" + "c5" * 20
    stage.node.rpc("anvil_setCode", pool, f"0x{code}")
    told = {"call": {"function": "kill_me()"}, "also_stops": ["trading", "deposit"]}
    held = drill(stage, Brake(name="kill", adapter="generic", target=pool, parameters=told))
    assert trouble(held) == ""
    stage.hands.mine(60 * 86_400)
    assert "it would revert" in trouble(held)
