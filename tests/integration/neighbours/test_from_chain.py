"""A signal published on a chain is on the topic once ingest has seen its block."""

from pathlib import Path

import msgspec
import pytest

from runtime.broker import Partition
from runtime.memory import MemoryBroker
from sandbox.node import LocalNode
from schemas.manifest import Contract, Manifest
from schemas.topics import EVENTS
from tests.integration.contracts.signalling import Signalling
from tests.integration.ingest.running import CHAIN, RunningIngest
from tests.unit.neighbours.test_service import Office

pytestmark = pytest.mark.node


def test_what_a_registry_logs_becomes_a_signal(node: LocalNode, tmp_path: Path) -> None:
    village = Signalling(node)
    registry = Contract(address=village.registry.address, role="other", holds_value=False)
    watched = Manifest(protocol="registry", chain=CHAIN, contracts=(registry,))
    told, stranger = village.signal(1), village.signal(3)
    assert village.publishes(told)
    assert village.publishes(stranger), "anyone may speak there"

    broker = MemoryBroker()
    with RunningIngest(broker, [str(node.ipc)], manifests=[watched]) as ingest:
        ingest.wait_for(lambda: ingest.is_at(int(node.rpc("eth_blockNumber"), 16)))

    office = Office(tmp_path, broker)
    office.clock.seconds = village.chain.timestamp()
    for number in range(EVENTS.partitions):
        office.task.process(broker.log(Partition(EVENTS.name, number)))
    assert office.kept == [msgspec.structs.replace(told, tlp="clear")], "the one listened to"
