"""The traps that each family of brakes has, on a real node: what must not happen does not."""

import pytest

from responders.adapters.base import Condition, Outcome
from responders.adapters.calls import called
from sandbox.evm import Call
from schemas.errors import ConfigurationError
from schemas.manifest import Brake
from tests.contract.exhibits import aave, compound
from tests.contract.stage import ACTION, Stage

pytestmark = pytest.mark.node

ON, OFF = True, False


def changed(brake: Brake, **parameters: object) -> Brake:
    """Return the brake with other parameters."""
    return brake.model_copy(update={"parameters": brake.parameters | parameters})


def by_responder(stage: Stage, to: str, calldata: str) -> Call:
    return Call(to=to, data=bytes.fromhex(calldata[2:]))


# ---------------------------------------------------------------------------- symmetric pausers


def test_a_symmetric_role_releases_in_our_own_hands_and_not_through_the_gate(stage: Stage) -> None:
    """Who may pause an Aave reserve may release it; the gate knows whole calls, so it cannot."""
    shown = aave.exhibit(stage, stage.responder.address, "pause")
    brake, asset = shown.brake, shown.brake.parameters["asset"]
    stage.pull(stage.adapter(brake))
    release = called("setReservePause(address,bool)", asset, OFF)
    stage.do(stage.responder, by_responder(stage, brake.target, release))
    assert stage.adapter(brake).probe(stage.head) is Condition.OPEN

    gate = stage.new_gate()
    aave.exhibit(stage, gate.address, "pause")
    stage.allow(gate, brake)
    stage.pull(stage.adapter(brake.model_copy(update={"gate": gate.address})))
    through = gate.call("brake", b"\x09" * 32, 1, brake.target, bytes.fromhex(release[2:]))
    assert not stage.works(stage.responder, through)
    assert stage.adapter(brake).probe(stage.head) is Condition.BRAKED
    stage.do(stage.people, *shown.release)


# ---------------------------------------------------------------------------- caps


@pytest.mark.parametrize("does", ["supply-cap", "borrow-cap"])
def test_a_cap_of_zero_is_no_cap_and_no_brake(stage: Stage, does: str) -> None:
    brake = aave.exhibit(stage, stage.responder.address, does).brake
    with pytest.raises(ConfigurationError, match=f"meadow: brake {does}: parameters.cap: .* 1"):
        stage.adapter(changed(brake, cap=0))
    assert stage.adapter(brake).probe(stage.head) is Condition.OPEN  # it is 0 now


def test_a_borrow_cap_of_zero_is_no_cap_in_compound_either(stage: Stage) -> None:
    brake = compound.comptroller(stage, stage.responder.address, "borrow-cap").brake
    with pytest.raises(ConfigurationError, match=r"brake borrow-cap: parameters.cap: .* 1"):
        stage.adapter(changed(brake, cap=0))
    assert stage.adapter(brake).probe(stage.head) is Condition.OPEN


def test_a_lower_cap_is_not_raised(stage: Stage) -> None:
    shown = aave.exhibit(stage, stage.responder.address, "supply-cap")
    adapter, configurator = stage.adapter(shown.brake), aave.deployed(stage).configurator
    lower = configurator.call("setSupplyCap", shown.brake.parameters["asset"], 10)
    stage.do(stage.people, lower)
    assert adapter.probe(stage.head) is Condition.BRAKED

    receipt = stage.pull(adapter)  # as if it had been signed before
    check = adapter.verify(receipt)
    assert not check.holds
    assert "the cap was 10 before: lower it again" in check.reason
    stage.do(stage.people, *shown.release)


# ---------------------------------------------------------------------------- terms


def test_a_threshold_that_governance_changed_is_not_moved_back(stage: Stage) -> None:
    shown = aave.exhibit(stage, stage.responder.address, "ltv-zero")
    asset, configurator = shown.brake.parameters["asset"], aave.deployed(stage).configurator
    terms = aave.LTV, aave.THRESHOLD + 100, aave.BONUS
    stage.do(stage.people, configurator.call("configureReserveAsCollateral", asset, *terms))
    trial = stage.adapter(shown.brake).simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert "are (8600, 10500), the manifest says (8500, 10500): correct it" in trial.reason
    stage.do(stage.people, *shown.release)


# ---------------------------------------------------------------------------- reverts when braked


@pytest.mark.parametrize("does", ["freeze", "ltv-zero"])
def test_what_reverts_when_it_is_braked_already_is_success(stage: Stage, does: str) -> None:
    """As Aave does since V3.1."""
    configurator = stage.deployer.create("ConfiguratorLike")
    stage.deployer.settle()
    stage.do(stage.people, configurator.call("list", compound.MARKET))
    where = {"pool": configurator.address, "asset": compound.MARKET, "does": does}
    brake = Brake(name=does, adapter="aave-v3", target=configurator.address, parameters=where)
    adapter = stage.adapter(brake)
    assert adapter.verify(stage.pull(adapter)).holds
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.BRAKED_ALREADY
    second = stage.pull(adapter)
    assert not second.ok
    assert adapter.verify(second).holds


# ---------------------------------------------------------------------------- absolute bitmaps


def test_a_bitmap_keeps_what_is_paused_already(stage: Stage) -> None:
    shown = compound.comet(stage, stage.responder.address)
    adapter = stage.adapter(shown.brake)
    naive = adapter.plan().calldata
    assert adapter.call(ACTION).data != naive
    assert adapter.verify(stage.pull(adapter)).holds
    market = stage.adapter(changed(shown.brake, flags=["transfer"]))
    assert market.probe(stage.head) is Condition.BRAKED


def test_a_bitmap_that_was_signed_too_early_is_told(stage: Stage) -> None:
    shown = compound.comet(stage, stage.responder.address)
    adapter = stage.adapter(shown.brake)
    stale = adapter.call(ACTION)
    absorb = called("pause(bool,bool,bool,bool,bool)", OFF, ON, OFF, ON, OFF)
    stage.do(stage.people, by_responder(stage, shown.brake.target, absorb))
    stage.do(stage.responder, by_responder(stage, stale.to, stale.data))
    check = adapter.verify(stage.newest_receipt())
    assert not check.holds
    assert "absorb was paused before: pause it again" in check.reason


def test_a_bitmap_through_the_gate_only_ever_pauses_more(stage: Stage) -> None:
    gate = stage.new_gate()
    brake = compound.comet(stage, gate.address).brake
    stage.allow(gate, brake)
    for flags in range(32):
        data = called("pause(bool,bool,bool,bool,bool)", *(bool(flags >> n & 1) for n in range(5)))
        through = gate.call("brake", b"\x09" * 32, 1, brake.target, bytes.fromhex(data[2:]))
        keeps_both = flags & 0b00101 == 0b00101  # supply and withdraw
        assert stage.works(stage.responder, through) is keeps_both
