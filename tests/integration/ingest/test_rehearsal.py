"""The sandbox's attack, seen in the pool: an alert of phase `pending` before there is a block."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from detectors.builtin.asset_outflow import AssetOutflow
from detectors.builtin.call_shape import CallShape
from detectors.builtin.price_move import PriceMove
from detectors.sets import HostMaker
from detectors.vetting import Vetting
from runtime.kafka import KafkaBroker
from runtime.manifests import load_manifests
from runtime.metrics import Metrics
from sandbox import fetch
from sandbox.attacks import attack_on
from sandbox.deploy import deploy
from sandbox.evm import Chain
from sandbox.node import LocalNode
from sandbox.traffic import Traffic
from sandbox.world import Scenario, World
from schemas.alerts import Alert
from schemas.chain import Deployment, Transaction
from schemas.topics import DEPLOYMENTS, TRANSACTIONS
from tests.integration.ingest.running import RunningIngest, published

pytestmark = [pytest.mark.node, pytest.mark.kafka]

SET = {"asset-outflow": AssetOutflow, "price-move": PriceMove, "call-shape": CallShape}


@pytest.fixture(params=["spot-oracle", "reentrancy"])
def scenario(request: pytest.FixtureRequest) -> Scenario:
    found: Scenario = request.param
    return found


@pytest.fixture
def world(node: LocalNode, cache: Path) -> World:
    return deploy(node, lambda name: fetch.npm_package(cache, name, lambda _line: None))


def height_of(node: LocalNode) -> int:
    return int(node.rpc("eth_blockNumber"), 16)


def alerts(maker: HostMaker, records: list[Transaction]) -> Iterator[Alert]:
    host = maker.make(records[0].chain, records[0].protocol)
    for record in records:
        _, alert = host.take(record)
        if alert is not None:
            yield alert


def test_an_attack_in_the_pool_alerts_before_its_block(
    broker: KafkaBroker, node: LocalNode, world: World, scenario: Scenario, tmp_path: Path
) -> None:
    world.write_manifest(tmp_path / "protocols", scenario)
    manifests = load_manifests(tmp_path / "protocols")
    (protocol,) = manifests
    chain, traffic, attack = Chain(node), Traffic(world, node), attack_on(world, scenario)
    for _ in range(8):
        traffic.block(40)
    creation, drain, *_ = attack.transactions()
    chain.send_raw(creation)
    chain.mine()

    def seen() -> list[Transaction]:
        found = (r for r in published(broker, TRANSACTIONS) if isinstance(r, Transaction))
        return [record for record in found if record.protocol == protocol]

    with RunningIngest(
        broker,
        [str(node.ipc)],
        pending=True,
        manifests=list(manifests.values()),
        folder=tmp_path / "protocols",
    ) as ingest:
        height = height_of(node)
        ingest.wait_for(lambda: ingest.is_at(height))
        sent = chain.send_raw(drain)
        ingest.wait_for(lambda: any(record.tx == sent for record in seen()))
        records = seen()
        assert height_of(node) == height, "no block was made meanwhile"

    (ahead,) = [record for record in records if record.tx == sent]
    assert ahead.phase == "pending"
    assert ahead.block == height + 1
    assert len(ahead.calls) > 3
    assert ahead.flows
    maker = HostMaker("core", SET, manifests, lambda _chain: 4)
    raised = [alert for alert in alerts(maker, records) if alert.tx == sent]
    assert [alert.phase for alert in raised] == ["pending"]
    assert raised[0].summary


def test_the_attackers_contract_alerts_before_it_is_called(
    broker: KafkaBroker, node: LocalNode, world: World, scenario: Scenario, tmp_path: Path
) -> None:
    world.write_manifest(tmp_path / "protocols", scenario)
    manifests = load_manifests(tmp_path / "protocols")
    (protocol,) = manifests
    chain, attack = Chain(node), attack_on(world, scenario)
    Traffic(world, node).block(40)
    created = chain.send_raw(next(iter(attack.transactions())))
    chain.mine()
    with RunningIngest(
        broker,
        [str(node.ipc)],
        manifests=list(manifests.values()),
        folder=tmp_path / "protocols",
    ) as ingest:
        height = height_of(node)
        ingest.wait_for(lambda: ingest.is_at(height))
    deployed = [r for r in published(broker, DEPLOYMENTS) if isinstance(r, Deployment)]
    vetting = Vetting("vet", manifests, Metrics())
    raised = [alert for record in deployed for alert in vetting.of_chain(record)]
    (alert,) = [alert for alert in raised if alert.tx == created]
    assert (alert.protocol, alert.subject) == (protocol, "deployment")
    assert "creator had sent 0 transactions" in " ".join(r.text for r in alert.votes[0].reasons)
    others = len(deployed) - 1
    assert others > 5
    assert len([alert for alert in raised if alert.protocol == protocol]) <= 1 + others // 10
