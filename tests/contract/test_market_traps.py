"""Traps of halting single markets (Synthetix, GMX), on a real node."""

import pytest
from eth_abi.abi import encode

from responders.adapters.base import Condition
from responders.adapters.calls import called
from schemas.activities import Activity
from schemas.errors import ConfigurationError
from tests.contract.exhibits import gmx, synthetix
from tests.contract.exhibits.gmx import MARKET
from tests.contract.exhibits.synthetix import BTC, DOLLAR, ETH
from tests.contract.stage import Stage
from tests.contract.test_adapter_traps import OFF, ON, by_hand, changed

pytestmark = pytest.mark.node


def test_who_may_suspend_cannot_resume(stage: Stage) -> None:
    """Synthetix keeps the two rights apart: not even our own account can release."""
    shown = synthetix.synth_exchange(stage, stage.responder.address)
    assert stage.pull(stage.adapter(shown.brake)).ok
    resume = called("resumeSynthsExchange(bytes32[])", [ETH])
    assert not stage.works(stage.responder, by_hand(shown.brake.target, resume))
    assert stage.works(stage.people, by_hand(shown.brake.target, resume))


def test_of_two_markets_both_have_to_be_suspended(stage: Stage) -> None:
    shown = synthetix.synth_exchange(stage, stage.responder.address)
    pair = stage.adapter(changed(shown.brake, keys=["sETH", "sBTC"]))
    stage.pull(stage.adapter(shown.brake))
    assert pair.probe(stage.head) is Condition.OPEN
    assert pair.verify(stage.pull(pair)).holds
    assert pair.probe(stage.head) is Condition.BRAKED


def test_an_upgrade_keeps_its_reason(stage: Stage) -> None:
    """Suspending again would overwrite the reason that says "upgrade"; it counts as braked."""
    shown = synthetix.synth_exchange(stage, stage.user.address)
    upgrade = called("suspendSynthsExchange(bytes32[],uint256)", [ETH], 1)
    stage.do(stage.user, by_hand(shown.brake.target, upgrade))
    assert stage.adapter(shown.brake).probe(stage.head) is Condition.BRAKED
    with pytest.raises(ConfigurationError, match=r"parameters.reason: .* 2"):
        stage.adapter(changed(shown.brake, reason=1))


@pytest.mark.parametrize("keys", [[], [""], ["s" * 33], ["sETH"] * 17])
def test_keys_are_as_the_contract_has_them(stage: Stage, keys: list[str]) -> None:
    shown = synthetix.synth_exchange(stage, stage.responder.address)
    with pytest.raises(ConfigurationError, match=r"brake halt: parameters.keys"):
        stage.adapter(changed(shown.brake, keys=keys))


def test_a_key_of_text_is_the_contracts_bytes(stage: Stage) -> None:
    shown = synthetix.synth_exchange(stage, stage.responder.address)
    expected = called("suspendSynthsExchange(bytes32[],uint256)", [ETH], 2)
    assert stage.adapter(shown.brake).plan().calldata == expected
    assert len({ETH, BTC, DOLLAR}) == 3


def test_a_pair_is_halted_while_liquidations_go_on(stage: Stage) -> None:
    """GMX: caps of 0 close a market for what is new. Disabling it stops liquidations as well, and
    its plan says so."""
    for make, liquidations in (
        (gmx.openings, ON),
        (gmx.feature, ON),
        (gmx.market, OFF),
    ):
        shown = make(stage, stage.responder.address)
        adapter = stage.adapter(shown.brake)
        target = shown.brake.target
        assert adapter.verify(stage.pull(adapter)).holds
        liquidate = by_hand(target, called("liquidate(address)", MARKET))
        assert stage.works(stage.user, liquidate) is liquidations
        stopped = adapter.plan().also_stops.activities
        assert (Activity.LIQUIDATION in stopped) is not liquidations


def test_a_cap_of_zero_is_nothing_here(stage: Stage) -> None:
    shown = gmx.openings(stage, stage.responder.address)
    stage.pull(stage.adapter(shown.brake))
    smallest = called("increase(address,bool,uint256)", MARKET, ON, 1)
    assert not stage.works(stage.user, by_hand(shown.brake.target, smallest))


def test_one_side_closed_is_a_market_open(stage: Stage) -> None:
    shown = gmx.openings(stage, stage.responder.address)
    adapter = stage.adapter(shown.brake)
    base = gmx._key("MAX_OPEN_INTEREST")
    side = encode(["address", "bool"], [MARKET, ON])
    closed = called("setUint(bytes32,bytes,uint256)", base, side, 0)
    stage.do(stage.people, by_hand(shown.brake.target, closed))
    assert adapter.probe(stage.head) is Condition.OPEN


def test_a_config_keeper_releases_and_the_gate_does_not(stage: Stage) -> None:
    release = called(
        "setBool(bytes32,bytes,bool)",
        gmx._key("IS_MARKET_DISABLED"),
        encode(["address"], [MARKET]),
        OFF,
    )
    direct = gmx.market(stage, stage.responder.address)
    stage.pull(stage.adapter(direct.brake))
    assert stage.works(stage.responder, by_hand(direct.brake.target, release))

    gate = stage.new_gate()
    gated = gmx.market(stage, gate.address)
    stage.allow(gate, gated.brake)
    stage.pull(stage.adapter(gated.brake.model_copy(update={"gate": gate.address})))
    data = bytes.fromhex(release[2:])
    through = gate.call("brake", b"\x09" * 32, 1, gated.brake.target, data)
    assert not stage.works(stage.responder, through)


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": None},
        {"feature": "create-deposit"},
        {"order": "adl"},
        {"feature": "claim-fees"},
        {"module": "0x12"},
    ],
)
def test_a_feature_is_one_that_there_is(stage: Stage, wrong: dict[str, object]) -> None:
    shown = gmx.feature(stage, stage.responder.address)
    with pytest.raises(ConfigurationError, match="meadow: brake halt: parameters"):
        stage.adapter(changed(shown.brake, **wrong))


def test_deposits_have_a_flag_of_their_own(stage: Stage) -> None:
    shown = gmx.feature(stage, stage.responder.address)
    brake = changed(shown.brake, feature="execute-deposit", order=None)
    adapter = stage.adapter(brake)
    assert adapter.plan().also_stops.activities == {Activity.DEPOSIT}
    assert adapter.verify(stage.pull(adapter)).holds
    assert stage.adapter(shown.brake).probe(stage.head) is Condition.OPEN
