"""Blocks leave the chain, with an attack or with the brake in them: taken back, or pulled again."""

from random import Random

import pytest

from sandbox.attacks import attack_on
from sandbox.evm import Chain
from sandbox.traffic import Traffic
from schemas.alerts import Alert, Withdrawal
from schemas.codec import decode_from
from schemas.topics import ALERTS, TRANSACTIONS
from tests.faults import oracle
from tests.faults.alarms import Alarms
from tests.faults.deployment import Deployment
from tests.waiting import until

pytestmark = [pytest.mark.node, pytest.mark.kafka, pytest.mark.faults]

PATIENCE = 120.0


@pytest.fixture
def finality() -> int:
    return 30


def caught_up(deployment: Deployment) -> bool:
    deployment.require_running()
    return (
        oracle.newest_block(deployment.broker) == oracle.head(deployment.node)
        and deployment.behind("firebreak-detect-core", TRANSACTIONS.name) == 0
    )


def alerts(deployment: Deployment, tx: str) -> tuple[set[str], set[str]]:
    """Return the alerts on a transaction, and those of them that were withdrawn."""
    records = [decode_from(ALERTS, v) for v in oracle.alerts_of(deployment.broker).values()]
    raised = {r.id for r in records if isinstance(r, Alert) and r.tx == tx}
    return raised, {r.alert for r in records if isinstance(r, Withdrawal) and r.tx == tx}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("depth", [1, 3, 20])
def test_an_attack_that_leaves_the_chain_is_withdrawn_and_a_brake_that_does_is_pulled_again(
    deployment: Deployment, chance: Random, depth: int
) -> None:
    alarms, hands = Alarms(deployment), Chain(deployment.node)
    traffic = Traffic(deployment.world, deployment.node, chance.randrange(2**31))
    for _ in range(15):
        traffic.block(20)
    mine(hands, deployment.finality)  # nothing is learned before it is final
    creation, drain, *_ = attack_on(deployment.world, "spot-oracle").transactions()
    hands.send_raw(creation)
    hands.mine()
    for name in ("ingest", "detect"):
        deployment.start(name)

    tx = hands.send_raw(drain)
    mine(hands, depth)
    until(lambda: caught_up(deployment) and bool(alerts(deployment, tx)[0]), PATIENCE)
    deployment.node.rpc("anvil_reorg", depth, [])
    hands.mine()
    until(lambda: caught_up(deployment), PATIENCE)
    raised, withdrawn = alerts(deployment, tx)
    assert raised == withdrawn, "before the brake: every alert is taken back"
    deployment.start("respond")
    until(deployment.all_read, PATIENCE)
    assert set(alarms.states()) <= {"proposed", "refused"}
    assert alarms.sent() == 0

    hands.send_raw(drain)  # the same attack, included again
    hands.mine()
    until(lambda: alarms.states()[-1:] == ["broadcast"], PATIENCE)
    mine(hands, depth)
    until(lambda: alarms.states()[-1:] == ["included"], PATIENCE)
    deployment.node.rpc("anvil_reorg", depth, [])
    until(lambda: "reorged" in alarms.states(), PATIENCE)
    alarms.mine_until("final")
    until(lambda: caught_up(deployment), PATIENCE)
    alarms.reconcile()
    assert list(alarms.brakes().values()) == [1]
    oracle.check_publication(deployment.broker, deployment.node, deployment.protocols)
    oracle.check_detection(deployment.broker, deployment.protocols, deployment.finality)


def mine(hands: Chain, count: int) -> None:
    for _ in range(count):
        hands.mine()
