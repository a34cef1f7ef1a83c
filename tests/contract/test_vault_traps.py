"""Traps of narrowing a vault (Morpho's Vault V2, our bucket), on a real node."""

import pytest
from eth_utils.crypto import keccak

from responders.adapters.base import Condition, Outcome
from responders.adapters.calls import called
from sandbox.evm import ETHER
from schemas.errors import ConfigurationError
from tests.contract.exhibits import vaults
from tests.contract.exhibits.vaults import ALLOCATED, CAP, CHANGE, HOUR, ID, NATIVE, WIDE
from tests.contract.stage import ACTION, Stage
from tests.contract.test_adapter_traps import by_hand, changed

pytestmark = pytest.mark.node

DATA = "0x" + ID.hex()


@pytest.mark.parametrize(("kind", "lower"), [("absolute", 10), ("relative", 10**17)])
def test_a_cap_that_is_lower_already_is_a_brake_and_is_not_raised(
    stage: Stage, kind: str, lower: int
) -> None:
    vault = vaults.sentinel_vault(stage, stage.responder.address)
    wanted = {kind: 2 * lower}
    adapter = stage.adapter(vaults.morpho_brake(vault, "cap", id_data=DATA, **wanted))
    assert adapter.probe(stage.head) is Condition.OPEN
    stage.do(stage.people, vault.call(f"decrease{kind.title()}Cap", ID, lower))
    assert adapter.probe(stage.head) is Condition.BRAKED
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.BRAKED_ALREADY
    assert adapter.verify(stage.pull(adapter)).holds
    assert stage.hands.read(vault, f"{kind}Cap", keccak(ID)) == (lower,)


@pytest.mark.parametrize("caps", [{}, {"absolute": 1, "relative": 1}, {"relative": 10**18 + 1}])
def test_one_cap_is_named(stage: Stage, caps: dict[str, int]) -> None:
    vault = vaults.sentinel_vault(stage, stage.responder.address)
    with pytest.raises(ConfigurationError, match="meadow: brake narrow: parameters"):
        stage.adapter(vaults.morpho_brake(vault, "cap", id_data=DATA, **caps))


def test_a_change_that_does_not_wait_is_revoked_already(stage: Stage) -> None:
    vault = vaults.sentinel_vault(stage, stage.responder.address)
    adapter = stage.adapter(vaults.morpho_brake(vault, "revoke", data="0x" + CHANGE.hex()))
    stage.do(stage.people, vault.call("revoke", CHANGE))
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.BRAKED_ALREADY


def test_a_sentinel_widens_nothing(stage: Stage) -> None:
    vault = vaults.sentinel_vault(stage, stage.responder.address)
    for call in (
        vault.call("increaseAbsoluteCap", ID, 2 * CAP),
        vault.call("increaseRelativeCap", ID, 1),
        vault.call("submit", b"\x01\x02\x03\x04"),
        vault.call("setIsSentinel", stage.stranger.address, vaults.ON),
    ):
        assert not stage.works(stage.responder, call)


def test_what_is_taken_back_leaves_what_may_remain(stage: Stage) -> None:
    vault = vaults.sentinel_vault(stage, stage.responder.address)
    given = {"data": DATA, "id_data": DATA, "assets": 400, "remaining": ALLOCATED - 400}
    brake = vaults.morpho_brake(vault, "deallocate", adapter=vaults.ADAPTER, **given)
    adapter = stage.adapter(brake)
    assert adapter.verify(stage.pull(adapter)).holds
    assert not stage.adapter(changed(brake, remaining=0)).verify(stage.newest_receipt()).holds
    trial = stage.adapter(changed(brake, remaining=0)).simulate(
        ACTION, stage.responder.address, stage.head
    )
    assert trial.outcome is Outcome.WOULD_FAIL  # more than is there


# ---------------------------------------------------------------------------- the bucket


def test_a_late_or_weaker_tightening_widens_nothing(stage: Stage) -> None:
    shown = vaults.outflow(stage, stage.responder.address)
    strong = stage.adapter(changed(shown.brake, capacity=ETHER // 100))
    weak = stage.adapter(shown.brake)
    assert strong.verify(stage.pull(strong)).holds
    assert weak.probe(stage.head) is Condition.BRAKED
    stage.pull(weak)
    assert strong.probe(stage.head) is Condition.BRAKED


def test_a_renewal_lasts_from_when_it_was_made(stage: Stage) -> None:
    adapter = stage.adapter(vaults.outflow(stage, stage.responder.address).brake)
    assert adapter.plan().lapses_after == HOUR
    stage.pull(adapter)
    stage.hands.mine(HOUR // 2)
    stage.pull(adapter)
    stage.hands.mine(HOUR - 1)
    assert adapter.probe(stage.head) is Condition.BRAKED
    stage.hands.mine(1)
    assert adapter.probe(stage.head) is Condition.OPEN


def test_who_tightens_cannot_widen(stage: Stage) -> None:
    shown = vaults.outflow(stage, stage.responder.address)
    stage.pull(stage.adapter(shown.brake))
    widen = called("setLimits(address,uint128,uint128)", NATIVE, *WIDE)
    assert not stage.works(stage.responder, by_hand(shown.brake.target, widen))
    assert stage.works(stage.people, by_hand(shown.brake.target, widen))


def test_a_false_alarm_heals_unaided_and_an_attack_does_not_get_through_meanwhile(
    stage: Stage,
) -> None:
    shown = vaults.outflow(stage, stage.responder.address)
    vault = shown.stopped[0].to
    assert vault is not None
    attack = stage.deployer.create("ReentrancyAttack", vault)
    stage.deployer.settle()
    adapter = stage.adapter(shown.brake)
    stage.pull(adapter)
    before = stage.hands.ether(vault)
    for rounds in (20, 10, 5, 3, 2):
        drain = attack.call("drain", rounds, value=ETHER // 20, gas=5_000_000)
        stage.hands.send(stage.people, drain)
        stage.hands.mine()
    assert 0 < before - stage.hands.ether(vault) <= ETHER // 10  # what the tightening leaves
    stage.hands.mine(HOUR)
    assert adapter.probe(stage.head) is Condition.OPEN
    stage.hands.mine(HOUR)
    assert all(stage.works(stage.user, call) for call in shown.stopped)


def test_an_asset_that_is_not_listed_is_told(stage: Stage) -> None:
    shown = vaults.outflow(stage, stage.responder.address)
    adapter = stage.adapter(changed(shown.brake, asset="0x" + "77" * 20))
    assert adapter.probe(stage.head) is Condition.UNKNOWN
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert "the bucket has no such asset" in trial.reason
