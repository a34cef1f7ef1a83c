"""Each action that Venus can pause stops what it is for on the real part, and nothing else."""

from collections.abc import Iterator

import pytest

from responders.adapters import registry
from responders.adapters.base import Condition
from responders.adapters.venus import ACTIONS
from sandbox.evm import Call
from schemas.manifest import Brake
from tests.contract.exhibits import venus as exhibits
from tests.contract.stage import Stage

pytestmark = pytest.mark.node

LIQUIDATION = {"seize", "liquidate"}
"""Two steps of the same, which either stops; and so does `repay`, because a liquidation repays."""
OFF = False


def succeeds(stage: Stage, name: str, call: Call) -> bool:
    """Say whether a use would work; a market may also refuse by the code that it returns."""
    question = {"from": stage.user.address, "to": call.to, "data": "0x" + call.data.hex()}
    if not stage.works(stage.user, call):
        return False
    last = int(stage.node.rpc("eth_call", question, "latest")[-64:], 16)
    return last == (name == "transfer")


def working(stage: Stage, venus: exhibits.Venus) -> set[str]:
    uses = exhibits.uses(stage, venus)
    return {name for name, call in uses.items() if succeeds(stage, name, call)}


@pytest.fixture
def venus(stage: Stage) -> Iterator[exhibits.Venus]:
    made = exhibits.deployed(stage)
    yield made
    where, every = [made.market.address], list(range(len(ACTIONS)))
    stage.do(stage.people, made.comptroller.call("_setActionsPaused", where, every, OFF))


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_that_is_paused_stops_alone(
    stage: Stage, venus: exhibits.Venus, action: str
) -> None:
    assert working(stage, venus) == set(ACTIONS)
    told = {"does": "actions", "market": venus.market.address.lower(), "actions": [action]}
    target = venus.comptroller.address.lower()
    brake = Brake(name="pause", adapter="venus", target=target, parameters=told)
    family = registry.family_of(brake, stage.chain)
    data = bytes.fromhex(family.deed.calldata[2:])
    stage.do(stage.people, Call(to=target, data=data))
    assert family.probe(stage.head) is Condition.BRAKED
    stopped = {action} | (LIQUIDATION if action in (*LIQUIDATION, "repay") else set())
    assert working(stage, venus) == set(ACTIONS) - stopped
