"""What must hold whatever was killed: chain, topics and journal are reconciled, record by record.

Nothing that was acknowledged is lost, nothing is there that should not be, and no action has more
than one effective brake. Each function compares two of them and fails with what differs.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from detectors.publisher import Publisher
from detectors.service import DetectTask
from detectors.sets import HostMaker, load_set
from ingest.evm.endpoints import Endpoints
from ingest.evm.source import NodeSource
from ingest.lens import Lenses
from ingest.raw import RawBlock
from responders.entries import Entry, Step
from responders.journal import Journal
from runtime.broker import Broker, Message, Partition, read_all
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.kafka import KafkaBroker
from runtime.manifests import load_manifests
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.settings import CORE
from runtime.state import StateStore
from sandbox.node import LocalNode
from schemas.actions import Action
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Block
from schemas.codec import decode, decode_from, encode
from schemas.incidents import Incident
from schemas.manifest import Manifest
from schemas.topics import ACTIONS, ALERTS, BLOCKS, INCIDENTS, TOPICS, TRANSACTIONS
from tests.publication import check_deployments, expected, log, read_back

_BRAKED = "0x" + keccak(text="Braked(bytes32,address,address,bytes4,uint64)").hex()

Replayed = tuple[dict[str, bytes], dict[str, Any]]
"""What an uninterrupted detector gives: alerts and withdrawals by id, states by protocol."""


def newest_block(broker: Broker) -> str:
    """Return the hash of the block that was published last; '' if it was a retraction."""
    messages = log(broker, BLOCKS)
    record = decode_from(BLOCKS, messages[-1].value or b"") if messages else None
    return record.hash if isinstance(record, Block) else ""


def head(node: LocalNode) -> str:
    """Return the hash of the node's newest block."""
    found: str = node.rpc("eth_getBlockByNumber", "latest", False)["hash"]  # noqa: FBT003 - its own
    return found


def check_publication(broker: KafkaBroker, node: LocalNode, protocols: Path) -> None:
    """Every block of the node is published once, whole, in order, in every partition."""
    memory = MemoryBroker()
    memory.create(TOPICS.values())
    wanted = _blocks_of(node)
    lens = Lenses(list(load_manifests(protocols).values()), protocols).live(wanted[0].chain)
    chain, records = read_back(broker)
    assert chain == [block.hash for block in wanted]
    assert records == expected(wanted, lens, memory)
    assert check_deployments(memory) <= check_deployments(broker), "a deployment is missing"


def _blocks_of(node: LocalNode) -> list[RawBlock]:
    async def fetch() -> list[RawBlock]:
        nodes = Endpoints([str(node.ipc)], 5.0, "auto", Metrics(), SystemClock())
        source = NodeSource(nodes, Metrics())
        found = []
        try:
            for number in range((await source.latest()).number + 1):
                header = await source.header_at(number)
                assert header is not None
                block = await source.block(header)
                assert block is not None
                found.append(block)
        finally:
            await nodes.close()
        return found

    return asyncio.run(fetch())


def replayed(broker: Broker, manifests: Mapping[str, Manifest], finality: int) -> Replayed:
    """Score the transactions topic from its beginning, in this process and without a pause."""
    memory = MemoryBroker()
    task = _detector(memory, manifests, finality, None)
    task.assigned(_partitions(broker))
    for message in log(broker, TRANSACTIONS):
        task.process([message])
    return alerts_of(memory), _known(task)


def _detector(
    memory: MemoryBroker, manifests: Mapping[str, Manifest], finality: int, store: StateStore | None
) -> DetectTask:
    memory.create(TOPICS.values())
    producer, metrics = memory.producer(), Metrics()
    return DetectTask(
        Intake(producer, metrics, "oracle"),
        Publisher(producer, SystemClock(), metrics, None),
        HostMaker("core", load_set(CORE, CORE), manifests, lambda _: finality),
        metrics,
        store,
    )


def _partitions(broker: Broker) -> list[Partition]:
    count = broker.partitions(TRANSACTIONS.name)
    return [Partition(TRANSACTIONS.name, number) for number in range(count)]


def _known(task: DetectTask) -> dict[str, Any]:
    shares = task._shares.values()
    return {key: host.dump() for share in shares for key, host in share.hosts.items()}


def alerts_of(broker: Broker) -> dict[str, bytes]:
    """Return what is on the alerts topic by id. The same id always has the same bytes."""
    found: dict[str, bytes] = {}
    for message in log(broker, ALERTS):
        value = message.value or b""
        record = decode_from(ALERTS, value)
        assert isinstance(record, Alert | Withdrawal)
        assert found.setdefault(record.id, value) == value, f"{record.id} has two contents"
    return found


def states_of(broker: Broker, manifests: Mapping[str, Manifest], finality: int) -> dict[str, Any]:
    """Return by protocol what detectors go on with: their snapshots, and what they read again."""
    memory = MemoryBroker()
    task = _detector(memory, manifests, finality, StateStore(broker, memory.producer(), "core"))
    for partition, start in task.assigned(_partitions(broker)).items():
        read_all(broker, partition, lambda message: task.process([message]), start)
    return _known(task)


def check_detection(broker: Broker, protocols: Path, finality: int) -> int:
    """Alerts and state are what an uninterrupted run gives; returns how many alerts there are."""
    alerts, states = replayed(broker, load_manifests(protocols), finality)
    assert alerts_of(broker) == alerts
    found = states_of(broker, load_manifests(protocols), finality)
    assert found.keys() == states.keys()
    for protocol, state in states.items():
        assert canonical(found[protocol]) == canonical(state), f"the state of {protocol} differs"
    return len(alerts)


def canonical(state: Any) -> Any:
    """Return a state as its snapshot's JSON gives it back."""
    import orjson

    return orjson.loads(orjson.dumps(state, option=orjson.OPT_SORT_KEYS))


def steps_of(journal: Path) -> list[Step]:
    """Return every step of a journal that no process has open; its hashes are checked."""
    with Journal(journal) as opened:
        entries: Iterable[Entry] = opened.entries
        return [entry for entry in entries if isinstance(entry, Step)]


def check_actions(broker: Broker, journal: Path) -> list[Step]:
    """The actions topic has every journalled step and nothing else; returns the steps."""
    steps = steps_of(journal)
    journalled = {step.action.id: encode(step.action) for step in steps}
    told: dict[str, bytes] = {}
    for message in log(broker, ACTIONS):
        told[decode(message.value or b"", Action).id] = message.value or b""
    assert told.keys() <= journalled.keys(), "the topic has steps that the journal has not"
    missing = [step.action.state for step in steps if step.action.id not in told]
    assert not missing, f"never published: {missing}"
    differing = [(told[key], value) for key, value in journalled.items() if told[key] != value]
    assert not differing, f"a step has two contents: {differing}"
    return steps


def brakes_on(node: LocalNode, gate: str) -> Counter[str]:
    """Return how often each action took effect, by the gate's own log."""
    question = {"address": gate, "fromBlock": "0x0", "topics": [_BRAKED]}
    return Counter(found["topics"][1][2:] for found in node.rpc("eth_getLogs", question))


def check_brakes(node: LocalNode, gate: str, steps: Iterable[Step]) -> Counter[str]:
    """No action took effect twice, none without a journalled intent; final means on the chain."""
    brakes = brakes_on(node, gate)
    assert all(count == 1 for count in brakes.values()), f"braked twice: {brakes}"
    latest = {step.action.action: step.action for step in steps}
    signed = {step.action.action for step in steps if step.action.state == "signed"}
    assert brakes.keys() <= signed, "the gate braked without a signed intent in the journal"
    for action in latest.values():
        if action.state == "final":
            receipt = node.rpc("eth_getTransactionReceipt", action.tx)
            assert receipt is not None, f"{action.tx} is final, but not on the chain"
            assert (receipt["status"], receipt["blockHash"]) == ("0x1", action.block_hash)
    return brakes


def check_cases(broker: Broker) -> int:
    """Every alert and every action is in a case; returns how many cases there are."""
    newest: dict[bytes | None, Message] = {m.key: m for m in log(broker, INCIDENTS)}
    cases = [decode(message.value or b"", Incident) for message in newest.values()]
    seen = {sighting.alert for case in cases for sighting in case.sightings}
    done = {measure.action for case in cases for measure in case.measures}
    alerts = [decode_from(ALERTS, value) for value in alerts_of(broker).values()]
    assert {alert.id for alert in alerts if isinstance(alert, Alert)} == seen
    assert {decode(m.value or b"", Action).action for m in log(broker, ACTIONS)} == done
    return len(cases)
