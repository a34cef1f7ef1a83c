"""Traps of braking what crosses between chains (Chainlink CCIP), on a real node."""

import pytest

from responders.adapters.base import Condition, Outcome
from responders.adapters.calls import called, words
from responders.adapters.ccip import GLOBAL
from schemas.errors import ConfigurationError
from tests.contract.exhibits import ccip
from tests.contract.exhibits.ccip import CHAIN, ELSEWHERE, TIGHT, UNLIMITED, WIDE
from tests.contract.stage import ACTION, Stage
from tests.contract.test_adapter_traps import by_hand, changed

pytestmark = pytest.mark.node

TIGHTER = True, 100, 1
NARROW = True, 1_000, 1
OUTBOUND = "getCurrentOutboundRateLimiterState(uint64)"
INBOUND = "getCurrentInboundRateLimiterState(uint64)"


def in_force(stage: Stage, pool: str, way: str) -> tuple[int, ...]:
    """Return whether a limit is enabled, its capacity and its rate."""
    return words(stage.chain, pool, called(way, CHAIN), None)[2:]


def test_a_curse_twice_is_a_curse(stage: Stage) -> None:
    adapter = stage.adapter(ccip.curse(stage, stage.responder.address).brake)
    assert stage.pull(adapter).ok
    assert stage.pull(adapter).ok
    assert adapter.probe(stage.head) is Condition.BRAKED


def test_a_curse_that_an_old_contract_refuses_twice_is_success(stage: Stage) -> None:
    """RMNRemote 1.6 reverts, and lets its owner alone curse: who brakes it can release it too."""
    remote = ccip.create(stage, "v1_6_0/rmn_remote", CHAIN, stage.people.address)
    stage.deployer.settle()
    stage.do(stage.people, remote.call("transferOwnership", stage.responder.address))
    stage.do(stage.responder, remote.call("acceptOwnership"))
    adapter = stage.adapter(ccip.curse_brake(remote))
    assert adapter.probe(stage.head) is Condition.OPEN
    assert adapter.verify(stage.pull(adapter)).holds
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.BRAKED_ALREADY
    second = stage.pull(adapter)
    assert not second.ok
    assert adapter.verify(second).holds
    assert stage.works(stage.responder, remote.call("uncurse", [ccip.SUBJECT]))


def test_a_curse_on_every_chain_is_one_on_each(stage: Stage) -> None:
    shown = ccip.curse(stage, stage.responder.address)
    everywhere = stage.adapter(changed(shown.brake, chain_selector=None))
    assert f"{GLOBAL:032x}" in everywhere.plan().calldata
    assert everywhere.verify(stage.pull(everywhere)).holds
    for chain in (CHAIN, ELSEWHERE):
        one = stage.adapter(changed(shown.brake, chain_selector=chain))
        assert one.probe(stage.head) is Condition.BRAKED


def test_limits_that_are_not_enabled_are_none(stage: Stage) -> None:
    """Disabled limits read as 0 and let everything through."""
    made = ccip.crossing(stage, stage.responder.address, UNLIMITED)
    pool, brake = made.pool, ccip.limit_brake(made.pool)
    adapter = stage.adapter(brake)
    assert adapter.probe(stage.head) is Condition.OPEN
    assert stage.works(stage.user, made.sends(CHAIN, 10**30))
    assert adapter.verify(stage.pull(adapter)).holds
    assert in_force(stage, pool.address, OUTBOUND) == NARROW
    assert in_force(stage, pool.address, INBOUND) == NARROW


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"rate": 0}, {"rate": 1_000}, {"capacity": 1}])
def test_limits_that_a_pool_refuses_are_found_at_the_start(
    stage: Stage, wrong: dict[str, int]
) -> None:
    brake = ccip.limit_brake(ccip.crossing(stage, stage.responder.address).pool)
    with pytest.raises(ConfigurationError, match="meadow: brake narrow: parameters"):
        stage.adapter(changed(brake, **wrong))


def test_a_limit_that_is_narrower_already_is_left(stage: Stage) -> None:
    pool = ccip.crossing(stage, stage.responder.address).pool
    brake = ccip.limit_brake(pool)
    narrowed = pool.call("setChainRateLimiterConfig", CHAIN, TIGHTER, WIDE)
    stage.do(stage.people, narrowed)
    adapter = stage.adapter(brake)
    assert adapter.probe(stage.head) is Condition.OPEN  # the other direction is wide
    assert adapter.verify(stage.pull(adapter)).holds
    assert in_force(stage, pool.address, OUTBOUND) == TIGHTER
    assert in_force(stage, pool.address, INBOUND) == NARROW


def test_limits_that_are_both_narrower_are_a_brake(stage: Stage) -> None:
    pool = ccip.crossing(stage, stage.responder.address).pool
    brake = ccip.limit_brake(pool)
    stage.do(stage.people, pool.call("setChainRateLimiterConfig", CHAIN, TIGHTER, TIGHTER))
    assert stage.adapter(brake).probe(stage.head) is Condition.BRAKED


def test_the_gate_refuses_rather_than_widens(stage: Stage) -> None:
    gate = stage.new_gate()
    pool = ccip.crossing(stage, gate.address).pool
    brake = ccip.limit_brake(pool)
    stage.allow(gate, brake)
    stage.do(stage.people, pool.call("setChainRateLimiterConfig", CHAIN, TIGHTER, WIDE))
    adapter = stage.adapter(brake.model_copy(update={"gate": gate.address}))
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert "UnknownBrake" in trial.reason
    assert in_force(stage, pool.address, OUTBOUND) == TIGHTER


def test_a_call_that_was_signed_too_early_is_told(stage: Stage) -> None:
    pool = ccip.crossing(stage, stage.responder.address).pool
    brake = ccip.limit_brake(pool)
    adapter = stage.adapter(brake)
    stale = adapter.call(ACTION)
    stage.do(stage.people, pool.call("setChainRateLimiterConfig", CHAIN, TIGHTER, TIGHTER))
    stage.do(stage.responder, by_hand(stale.to, stale.data))
    check = adapter.verify(stage.newest_receipt())
    assert not check.holds
    assert "it widened a limit that was narrowed at the same time" in check.reason


def test_the_chain_is_ccips_name_for_it(stage: Stage) -> None:
    brake = ccip.limit_brake(ccip.crossing(stage, stage.responder.address).pool)
    for wrong in (0, 2**64, "eip155:1"):
        with pytest.raises(ConfigurationError, match=r"parameters.chain_selector"):
            stage.adapter(changed(brake, chain_selector=wrong))
    assert TIGHT["chain_selector"] == CHAIN
