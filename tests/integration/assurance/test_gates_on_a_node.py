"""What a real gate says on chain of who may brake gets, through ingest, to where the log reads."""

import pytest

from assurance.look import Means
from assurance.service import AssureTask
from assurance.sources import Sources
from runtime.broker import Partition
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.service import Service
from sandbox.node import LocalNode
from schemas.chain import Event
from schemas.codec import decode_from
from schemas.manifest import Contract, Manifest
from schemas.services import RECORDED
from schemas.topics import ASSESSMENTS, AUTHORITY, DEAD_LETTERS, EVENTS, FINDINGS
from tests.integration.contracts.hands import Hands
from tests.integration.ingest.running import CHAIN, RunningIngest
from tests.publication import log
from tests.unit.assurance.fakes import FakeChain

pytestmark = pytest.mark.node


def test_who_changes_the_brake_s_rights_is_told_as_the_chain_has_it(node: LocalNode) -> None:
    hands = Hands(node, "safe")
    owner, responder = hands.owner, hands.funded("responder").address
    gate = hands.create("BrakeGate", owner.address)
    assert hands.does(owner, gate.call("setResponder", responder, True))  # noqa: FBT003 - the contract's
    assert hands.does(owner, gate.call("setBudget", 1, 600))
    assert hands.does(owner, gate.call("kill"))
    ours = Contract(address=gate.address, role="gate", holds_value=False)
    watched = Manifest(protocol="meadow", chain=CHAIN, contracts=(ours,))

    broker = MemoryBroker()
    with RunningIngest(broker, [str(node.ipc)], manifests=[watched]) as ingest:
        ingest.wait_for(lambda: ingest.is_at(int(node.rpc("eth_blockNumber"), 16)))
    broker.create([AUTHORITY, FINDINGS, ASSESSMENTS, DEAD_LETTERS])
    producer = broker.producer()
    task = AssureTask(
        Intake(producer, Metrics(), "assure"),
        producer,
        {"meadow": watched},
        lambda: (FakeChain(), {"meadow": Means(Sources(CHAIN, None))}),
        Service("assure"),
    )
    for number in range(EVENTS.partitions):
        task.process(broker.log(Partition(EVENTS.name, number)))

    found = [decode_from(AUTHORITY, one.value or b"") for one in log(broker, AUTHORITY)]
    names = [one.name for one in found if isinstance(one, Event)]
    assert names == ["OwnershipTransferred", "ResponderSet", "BudgetSet", "Killed"]
    assert AUTHORITY in RECORDED
