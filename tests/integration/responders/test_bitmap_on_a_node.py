"""A brake whose call depends on the target's state, from alert to finality on a real node."""

import pytest

from responders.adapters.calls import called
from sandbox.deployer import Deployer
from sandbox.evm import Contract
from schemas.ids import action_id
from schemas.manifest import Brake, Manifest
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL, Assembly

pytestmark = pytest.mark.node

PAUSE = "pause(bool,bool,bool,bool,bool)"
ON, OFF = True, False
WITHDRAW = called(PAUSE, OFF, OFF, ON, OFF, OFF)
"""What the brake is for, and so its name."""


class Market:
    """A market with Compound V3's flags, which the responder may pause; so may its governor."""

    def __init__(self, place: Place) -> None:
        self.place = place
        governor, responder = place.world.users[0], place.world.accounts["responder"]
        self.governor = governor
        deployer = Deployer(place.hands, governor, lambda _: place.journal.parent)
        self.contract: Contract = deployer.create("CometLike", governor.address, responder.address)
        deployer.settle()

    @property
    def manifest(self) -> Manifest:
        brake = Brake(
            name="stop-withdrawals",
            adapter="compound-v3",
            target=self.contract.address,
            parameters={"flags": ["withdraw"]},
        )
        return self.place.manifest.model_copy(update={"brakes": (brake,)})

    def pause(self, *flags: bool) -> str:
        """Let the governor set the flags; return the transaction, not mined yet."""
        return self.place.hands.send(self.governor, self.contract.call("pause", *flags))

    @property
    def paused(self) -> list[str]:
        names = ("Supply", "Transfer", "Withdraw", "Absorb", "Buy")
        read = self.place.hands.read
        return [name for name in names if read(self.contract, f"is{name}Paused")[0]]


@pytest.fixture
def market(place: Place) -> Market:
    return Market(place)


def names(responder: Assembly) -> set[tuple[str, str]]:
    return {(step.action, step.calldata) for step in responder.published()}


def test_what_is_paused_stays_paused_and_the_name_stays_the_same(
    place: Place, market: Market
) -> None:
    place.hands.settle([market.pause(ON, OFF, OFF, OFF, OFF)])
    with place.responder(given=market.manifest) as responder:
        responder.receive(place.alert())
        place.mine(responder, 1 + FINAL)
        assert responder.states()[-1] == "final"
        ((action, calldata),) = names(responder)
        incident = responder.published()[0].incident
    assert calldata == WITHDRAW
    assert action == action_id(place.chain.name, market.contract.address, WITHDRAW, incident, 0)
    assert market.paused == ["Supply", "Withdraw"]


def test_a_higher_fee_is_a_new_look_at_what_is_paused(place: Place, market: Market) -> None:
    """While the brake is stuck the governor pauses more; the replacement keeps that too."""
    with place.responder(given=market.manifest) as responder:
        responder.receive(place.alert())
        ((_, first),) = place.pending().items()
        assert first["input"] == WITHDRAW
        place.node.rpc("anvil_dropAllTransactions")
        place.hands.settle([market.pause(OFF, OFF, OFF, ON, OFF)])
        place.mine(responder, 4 + FINAL)
        assert responder.states()[-1] == "final"
        assert len(names(responder)) == 1
        second = place.node.rpc("eth_getTransactionByHash", responder.published()[-1].tx)
    assert second["input"] == called(PAUSE, OFF, OFF, ON, ON, OFF)
    assert second["nonce"] == first["nonce"]
    assert market.paused == ["Withdraw", "Absorb"]


def test_a_flag_that_was_let_loose_is_told_and_the_brake_does_not_hold(
    place: Place, market: Market
) -> None:
    """The governor's pause is mined just before a brake that was signed before it."""
    with place.responder(given=market.manifest) as responder:
        responder.receive(place.alert())
        raw = next(iter(responder.ledger.courses.values())).attempts[0].raw
        place.node.rpc("anvil_dropAllTransactions")
        place.hands.settle([market.pause(OFF, OFF, OFF, ON, OFF)])
        place.chain.send(raw)
        place.mine(responder, 1 + FINAL)
        assert responder.states()[-2:] == ["included", "failed"]
        assert "absorb was paused before: pause it again" in responder.published()[-1].reason
        faults = responder.metrics.registry.get_sample_value(
            "firebreak_brake_faults_total",
            {"protocol": place.manifest.protocol, "fault": "brake_does_not_hold"},
        )
        assert faults == 1
    assert market.paused == ["Withdraw"]
