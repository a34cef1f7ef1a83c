"""Ingest at work in this process, beside a test that drives a real node."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ingest.lens import Lenses
from ingest.service import EvmService
from runtime.broker import Broker, Message, Partition, read_all
from runtime.service import Service
from runtime.settings import Settings
from sandbox.node import LocalNode
from schemas.base import Record
from schemas.chain import Block, Retraction
from schemas.codec import decode_from
from schemas.headers import STEP, find
from schemas.manifest import Contract, Manifest
from schemas.topics import BLOCKS, TOPICS, TopicSpec

CHAIN = "eip155:31337"
USER = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
"""The first account of a development node, whose key the node holds."""

SINK = "0x" + "51" * 20
POOL = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
"""Where the first contract that `USER` creates comes to lie."""

_CALLS_SINK_AND_LOGS = "60006000a0" + "6000" * 5 + "73" + SINK[2:] + "5af15000"
POOL_CODE = (
    "0x60" + f"{len(_CALLS_SINK_AND_LOGS) // 2:02x}" + "80600b6000396000f3" + (_CALLS_SINK_AND_LOGS)
)
"""Creates a contract that, when it is called, logs and calls `SINK`."""

MEADOW = Manifest(protocol="meadow", chain=CHAIN, contracts=(Contract(address=POOL, role="pool"),))


def send(node: LocalNode, **fields: str) -> str:
    """Hand the node a transaction of `USER`; return its hash."""
    name: str = node.rpc("eth_sendTransaction", {"from": USER, "gas": "0x30d40", **fields})
    return name


def mine(node: LocalNode, calls: int = 1) -> None:
    """Make a block in which the pool is called so many times."""
    for _ in range(calls):
        send(node, to=POOL)
    node.rpc("evm_mine")


def deploy(node: LocalNode) -> None:
    """Make the first block, in which the pool is created."""
    send(node, data=POOL_CODE)
    node.rpc("evm_mine")


def reorganise(node: LocalNode, depth: int) -> None:
    """Replace the newest blocks by ones with another transaction each."""
    raw = {"from": USER, "to": SINK, "value": "0x1", "gas": "0x5208"}
    node.rpc("anvil_reorg", depth, [[raw, index] for index in range(depth)])


def chain_of(node: LocalNode, first: int) -> list[str]:
    """Return the hashes of the node's blocks from a height on."""
    head = int(node.rpc("eth_blockNumber"), 16)
    return [
        node.rpc("eth_getBlockByNumber", hex(number), False)["hash"]  # noqa: FBT003 - its own
        for number in range(first, head + 1)
    ]


def head_of(node: LocalNode) -> str:
    """Return the hash of the node's newest block."""
    name: str = node.rpc("eth_getBlockByNumber", "latest", False)["hash"]  # noqa: FBT003 - its own
    return name


def published(broker: Broker, topic: TopicSpec) -> list[Record]:
    """Return every record of a topic, by partition and in order, without the markers that a
    publisher repeated as its term began."""
    found: list[Record] = []
    steps: dict[int, int] = {}

    def take(message: Message) -> None:
        record = decode_from(topic, message.value or b"")
        step = int(find(message.headers, STEP) or b"0")
        if isinstance(record, Block | Retraction):
            if step <= steps.get(message.partition, 0):
                return
            steps[message.partition] = step
        found.append(record)

    for number in range(broker.partitions(topic.name)):
        read_all(broker, Partition(topic.name, number), take)
    return found


def published_chain(broker: Broker) -> list[str]:
    """Return the hashes of the chain as the block topic tells it."""
    chain: list[str] = []
    for record in published(broker, BLOCKS):
        if isinstance(record, Block):
            chain.append(record.hash)
        elif isinstance(record, Retraction):
            assert chain.pop() == record.hash
    return chain


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


class RunningIngest:
    """The service on a thread of its own, until the end of the `with`; raises there what it did."""

    def __init__(self, broker: Broker, endpoints: list[str], **settings: Any) -> None:
        evm = {"endpoints": tuple(endpoints), "start": 0, "request_seconds": 5.0}
        finality, manifests = settings.pop("finality", 64), settings.pop("manifests", [MEADOW])
        lenses = Lenses(manifests, settings.pop("folder", Path()))
        self.broker = broker
        self.service = Service("ingest")
        broker.create(TOPICS.values())
        made = Settings(evm=evm | settings, finality={CHAIN: finality})  # type: ignore[arg-type]  # pydantic reads tables
        self._ingest = EvmService(made, broker, lenses, self.service)
        self._failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._ingest.run()
        except BaseException as error:  # noqa: BLE001 - raised where the test looks
            self._failure.append(error)

    def ended(self) -> bool:
        """Whether it stopped, by itself or because it was asked to."""
        return not self._thread.is_alive()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        until(lambda: condition() or self.ended())

    def head(self) -> int:
        """The newest block published, 0 before any."""
        return int(self.service.metrics.head.labels(CHAIN)._value.get())

    def is_at(self, number: int) -> bool:
        """Whether this is the newest block published."""
        return self.head() == number

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.service.stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "it does not stop"
        if self._failure and error is None:
            raise self._failure[0]
