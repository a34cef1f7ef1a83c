"""The traps that each family of brakes has, on a real node: what must not happen does not."""

import re

import pytest

from responders import chain
from responders.adapters.base import Condition, Outcome
from responders.adapters.calls import called
from responders.adapters.roles import Roles as RoleRoute
from sandbox.evm import Call
from schemas.activities import Activity
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Roles
from tests.contract import safes
from tests.contract.exhibits import aave, balancer, compound, openzeppelin
from tests.contract.stage import ACTION, Stage

pytestmark = pytest.mark.node

ON, OFF = True, False
PAUSE = "pause(bool,bool,bool,bool,bool)"


def changed(brake: Brake, **parameters: object) -> Brake:
    """Return the brake with other parameters."""
    return brake.model_copy(update={"parameters": brake.parameters | parameters})


def by_hand(to: str, calldata: str) -> Call:
    return Call(to=to, data=bytes.fromhex(calldata[2:]))


# ---------------------------------------------------------------------------- symmetric pausers


def test_a_symmetric_role_releases_in_our_own_hands_and_not_through_the_gate(stage: Stage) -> None:
    """Who may pause an Aave reserve may release it; the gate knows whole calls, so it cannot."""
    shown = aave.exhibit(stage, stage.responder.address, "pause")
    brake, asset = shown.brake, shown.brake.parameters["asset"]
    stage.pull(stage.adapter(brake))
    release = called("setReservePause(address,bool)", asset, OFF)
    stage.do(stage.responder, by_hand(brake.target, release))
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
    early = adapter.call(ACTION)
    stage.do(stage.people, lower)
    assert adapter.probe(stage.head) is Condition.BRAKED
    assert adapter.verify(stage.pull(adapter)).holds, "signed now, it leaves the cap as it is"

    stage.do(stage.responder, by_hand(early.to, early.data))
    check = adapter.verify(stage.newest_receipt())
    assert not check.holds
    assert "the cap was 10 before: lower it again" in check.reason
    stage.do(stage.people, *shown.release)


def test_through_a_gate_a_lower_cap_is_left_alone(stage: Stage) -> None:
    gate = stage.new_gate()
    shown = compound.comptroller(stage, gate.address, "borrow-cap")
    brake = shown.brake.model_copy(update={"gate": gate.address})
    stage.allow(gate, brake)
    adapter, market = stage.adapter(brake), shown.brake.parameters["market"]
    setting = "_setMarketBorrowCaps(address[],uint256[])"
    stage.do(stage.people, by_hand(brake.target, called(setting, [market], [1])))
    receipt = stage.pull(adapter)
    assert not receipt.ok, "the gate makes the manifest's call alone"
    assert adapter.verify(receipt).holds
    assert adapter.probe(stage.head) is Condition.BRAKED


@pytest.mark.parametrize("does", ["mint", "borrow", "transfer", "seize"])
def test_a_guardian_of_compound_pauses_and_cannot_release(stage: Stage, does: str) -> None:
    shown = compound.comptroller(stage, stage.responder.address, does)
    adapter = stage.adapter(shown.brake)
    assert adapter.verify(stage.pull(adapter)).holds
    (release,) = shown.release
    assert stage.works(stage.people, release)
    assert not stage.works(stage.responder, release)
    assert adapter.describe_release().startswith("the admin of ")


def test_a_cap_that_is_spelled_out_is_read_as_a_number(stage: Stage) -> None:
    shown = openzeppelin.rate_limiter(stage, stage.responder.address)
    adapter, vault = stage.adapter(shown.brake), shown.brake.target
    lower = by_hand(vault, called("setLimit(uint48,uint208)", 3600, 3))
    stage.do(stage.people, lower)
    assert adapter.probe(stage.head) is Condition.BRAKED
    assert "the cap was 3 before" in adapter.verify(stage.pull(adapter)).reason
    probe = shown.brake.parameters["probe"] | {"at_most": 0, "zero": "no-cap"}
    with pytest.raises(ConfigurationError, match=r"parameters.probe: .* where 0 is no cap"):
        stage.adapter(changed(shown.brake, probe=probe))


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


def test_a_release_from_a_pause_spares_borrowers_for_hours_and_no_longer(stage: Stage) -> None:
    """As Aave lets it since V3.1; the brake makes the call that every version has."""
    configurator = stage.deployer.create("ConfiguratorLike")
    stage.deployer.settle()
    asset = compound.MARKET
    stage.do(stage.people, configurator.call("list", asset))
    where = {"pool": configurator.address, "asset": asset, "does": "pause"}
    brake = Brake(name="pause", adapter="aave-v3", target=configurator.address, parameters=where)
    adapter = stage.adapter(brake)
    assert adapter.verify(stage.pull(adapter)).holds
    told = re.search(r"setReservePause\((0x\w+), false, (\d+)\)", adapter.describe_release())
    assert told is not None
    assert told[1] == asset

    def release(grace: int) -> Call:
        setting = called("setReservePause(address,bool,uint40)", asset, OFF, grace)
        return by_hand(configurator.address, setting)

    longest = int(told[2])
    assert not stage.works(stage.people, release(longest + 1))
    stage.do(stage.people, release(longest))
    assert adapter.probe(stage.head) is Condition.OPEN
    (until,) = stage.hands.read(configurator, "getLiquidationGracePeriod", asset)
    assert until == stage.hands.timestamp() + longest


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
    absorb = called(PAUSE, OFF, ON, OFF, ON, OFF)
    stage.do(stage.people, by_hand(shown.brake.target, absorb))
    stage.do(stage.responder, by_hand(stale.to, stale.data))
    check = adapter.verify(stage.newest_receipt())
    assert not check.holds
    assert "absorb was paused before: pause it again" in check.reason


def test_a_bitmap_through_the_gate_only_ever_pauses_more(stage: Stage) -> None:
    gate = stage.new_gate()
    brake = compound.comet(stage, gate.address).brake
    stage.allow(gate, brake)
    for flags in range(32):
        data = called(PAUSE, *(bool(flags >> n & 1) for n in range(5)))
        through = gate.call("brake", b"\x09" * 32, 1, brake.target, bytes.fromhex(data[2:]))
        keeps_both = flags & 0b00101 == 0b00101  # supply and withdraw
        assert stage.works(stage.responder, through) is keeps_both


def test_a_keeper_lets_nothing_loose_whenever_its_call_was_signed(stage: Stage) -> None:
    shown = compound.kept(stage, stage.responder.address)
    adapter, market = stage.adapter(shown.brake), shown.brake.parameters["market"]
    early = adapter.call(ACTION)
    assert early.data == adapter.plan().calldata
    stage.do(stage.people, by_hand(market, called(PAUSE, OFF, ON, OFF, ON, OFF)))
    stage.do(stage.responder, by_hand(early.to, early.data))
    assert adapter.verify(stage.newest_receipt()).holds
    others = changed(shown.brake, flags=["transfer", "absorb"])
    assert stage.adapter(others).probe(stage.head) is Condition.BRAKED


@pytest.mark.parametrize("flags", [0, 32, 255])
def test_a_keeper_knows_five_flags(stage: Stage, flags: int) -> None:
    shown = compound.kept(stage, stage.responder.address)
    market = shown.brake.parameters["market"]
    strange = by_hand(shown.brake.target, called("tighten(address,uint8)", market, flags))
    assert not stage.works(stage.responder, strange)
    released = by_hand(shown.brake.target, called("set(address,uint8)", market, 0))
    assert not stage.works(stage.responder, released)
    assert stage.works(stage.people, released)


# ---------------------------------------------------------------------------- windows that expire


@pytest.mark.parametrize("does", ["pause", "pause-vault", "pause-and-recover"])
def test_a_window_that_has_ended_is_said_before_anything_is_sent(stage: Stage, does: str) -> None:
    adapter = stage.adapter(balancer.exhibit(stage, stage.responder.address, does).brake)
    stage.hands.mine(seconds=balancer.WINDOW)
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert "its pause window has ended: it cannot be paused any more" in trial.reason


def test_a_pause_that_has_lapsed_is_none(stage: Stage) -> None:
    adapter = stage.adapter(balancer.exhibit(stage, stage.responder.address, "pause").brake)
    assert adapter.verify(stage.pull(adapter)).holds
    stage.hands.mine(seconds=balancer.WINDOW + balancer.BUFFER)
    assert adapter.probe(stage.head) is Condition.OPEN
    assert adapter.plan().lapses_after


def test_an_operation_that_was_carried_out_is_not_cancelled(stage: Stage) -> None:
    shown = openzeppelin.timelock(stage, stage.responder.address)
    adapter = stage.adapter(shown.brake)
    stage.do(stage.user, *shown.stopped)
    assert adapter.probe(stage.head) is Condition.OPEN
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert (trial.outcome, "too late" in trial.reason) == (Outcome.WOULD_FAIL, True)


def test_what_cancels_whatever_is_queued_is_rehearsed_before_anything_is(stage: Stage) -> None:
    shown = openzeppelin.timelock(stage, stage.responder.address)
    adapter = stage.adapter(shown.brake.model_copy(update={"parameters": {}}))
    sender, stranger = stage.responder.address, stage.stranger.address
    ready = adapter.simulate(ACTION, sender, stage.head)
    assert ready.outcome is Outcome.BRAKED_ALREADY, "there is nothing that it would cancel"
    unfit = adapter.simulate(ACTION, stranger, stage.head)
    assert (unfit.outcome, "no canceller" in unfit.reason) == (Outcome.WOULD_FAIL, True)


def test_what_a_transaction_queued_is_read_from_the_chain_and_cancelled(stage: Stage) -> None:
    shown = openzeppelin.timelock(stage, stage.responder.address)
    stage.pull(stage.adapter(shown.brake))
    stage.do(stage.people, *shown.release)
    queued = stage.newest_receipt().tx
    adapter = stage.adapter(shown.brake.model_copy(update={"parameters": {}}))
    (calldata,) = adapter.called_for(queued)
    aimed = adapter.aimed(calldata)
    assert aimed is not None
    assert aimed.plan() == stage.adapter(shown.brake).plan()
    assert aimed.verify(stage.pull(aimed)).holds
    assert not any(stage.works(stage.user, call) for call in shown.stopped)


def test_a_closure_that_has_to_wait_says_that_it_is_no_hot_brake(stage: Stage) -> None:
    shown = openzeppelin.access_manager(stage, stage.people.address)
    delay = called("grantRole(uint64,address,uint32)", 0, stage.responder.address, 3600)
    stage.do(stage.people, by_hand(shown.brake.target, delay))
    trial = stage.adapter(shown.brake).simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert "schedule the call; it is no hot brake" in trial.reason


# ---------------------------------------------------------------------------- pause and way out


def test_a_paused_pool_keeps_its_users_in_until_recovery_mode(stage: Stage) -> None:
    shown = balancer.exhibit(stage, stage.responder.address, "pause")
    way_out = balancer.recovery_exit(stage, shown.subject)
    stage.pull(stage.adapter(shown.brake))
    assert not stage.works(stage.user, way_out)
    recover = {"does": "recovery-mode"}
    stage.pull(stage.adapter(shown.brake.model_copy(update={"parameters": recover})))
    assert stage.works(stage.user, way_out)


def test_a_sequence_opens_the_way_out_along_with_the_pause(stage: Stage) -> None:
    shown = balancer.exhibit(stage, stage.responder.address, "pause-and-recover")
    adapter = stage.adapter(shown.brake)
    assert Activity.WITHDRAWAL not in adapter.plan().also_stops.activities
    assert adapter.verify(stage.pull(adapter)).holds
    assert stage.works(stage.user, balancer.recovery_exit(stage, shown.subject))


def test_a_sequence_goes_on_past_a_step_that_is_done_already(stage: Stage) -> None:
    """Recovery mode is on, so that step reverts; the pause is made all the same."""
    shown = balancer.exhibit(stage, stage.responder.address, "pause-and-recover")
    pool = shown.subject.pool
    balancer.allow(stage, shown.subject, pool, "enableRecoveryMode", stage.people.address)
    stage.do(stage.people, pool.call("enableRecoveryMode"))
    adapter = stage.adapter(shown.brake)
    assert adapter.probe(stage.head) is Condition.OPEN
    assert adapter.verify(stage.pull(adapter)).holds
    trial = adapter.simulate(ACTION, stage.stranger.address, stage.head)
    assert trial.outcome is Outcome.BRAKED_ALREADY


# ---------------------------------------------------------------------------- budgets on chain


def test_a_role_has_fixed_arguments_and_a_budget_and_takes_no_nonce(stage: Stage) -> None:
    place = safes.guarded(stage)
    shown = aave.exhibit(stage, place.safe.address, "pause")
    asset, target = shown.brake.parameters["asset"], shown.brake.target
    release = called("setReservePause(address,bool)", asset, OFF)
    nonce = stage.hands.read(place.safe, "nonce")[0]
    safes.scope(stage, place, target, release[:10], [("address", asset), ("bool", ON)], calls=1)
    role = Roles(modifier=place.modifier.address, role="0x" + safes.ROLE.hex())
    adapter = stage.adapter(shown.brake.model_copy(update={"roles": role}))

    through = RoleRoute(role.modifier, safes.ROLE).wrapped(
        chain.Call(target, release), ACTION, None
    )
    assert not stage.works(stage.responder, by_hand(through.to, through.data))
    assert adapter.verify(stage.pull(adapter)).holds
    assert stage.hands.read(place.safe, "nonce")[0] == nonce

    stage.do(stage.people, *shown.release)
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert "through the role" in trial.reason
    assert "its allowance is used up" in trial.reason
