"""The process is killed again and again, on a real Kafka, while a real node goes on."""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Self

import pytest

from ingest.evm.endpoints import Endpoints
from ingest.evm.source import NodeSource
from ingest.lens import Lenses
from ingest.raw import RawBlock
from runtime.broker import Message, Partition, read_all
from runtime.clock import SystemClock
from runtime.kafka import KafkaBroker
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from sandbox.node import LocalNode
from sandbox.process import ChildProcess
from schemas.chain import Block
from schemas.codec import decode_from
from schemas.topics import BLOCKS, TOPICS
from tests.integration.ingest.running import (
    CHAIN,
    MEADOW,
    POOL,
    POOL_CODE,
    deploy,
    head_of,
    mine,
    reorganise,
    send,
    until,
)
from tests.publication import check_deployments, expected, read_back

pytestmark = [pytest.mark.node, pytest.mark.kafka]

MANIFEST = f"""
protocol = "meadow"
chain = "{CHAIN}"
[[contracts]]
address = "{POOL}"
role = "pool"
"""


class Ingest:
    """The command, as a process of its own."""

    def __init__(self, folder: Path, bootstrap: str, namespace: str, node: LocalNode) -> None:
        self._folder = folder
        protocols = folder / "protocols"
        protocols.mkdir()
        (protocols / "meadow.toml").write_text(MANIFEST)
        self._environment = {
            "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": namespace,
            "FIREBREAK_PROTOCOLS": str(protocols),
            "FIREBREAK_EVM__ENDPOINTS": json.dumps([str(node.ipc)]),
            "FIREBREAK_EVM__START": "0",
            # who died has to be missed before the next one publishes
            "FIREBREAK_KAFKA__OPTIONS": json.dumps(
                {"session.timeout.ms": "1500", "heartbeat.interval.ms": "300"}
            ),
        }
        self._runs = 0

    def start(self) -> ChildProcess:
        self._runs += 1
        command = [sys.executable, "-c", "from cli.main import main; main()", "ingest", "evm"]
        log = self._folder / f"ingest-{self._runs}.log"
        return ChildProcess(command, log, environment=self._environment)


class Miner:
    """Makes blocks on a thread of its own, and now and then a reorganisation."""

    def __init__(self, node: LocalNode, chance: Random) -> None:
        self._node = node
        self._chance = chance
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.reorganisations = 0

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            dice = self._chance.random()
            if dice < 0.04:
                reorganise(self._node, self._chance.randint(1, 3))
                self.reorganisations += 1
            elif dice < 0.3:
                send(self._node, data=POOL_CODE)
                mine(self._node, calls=1)
            else:
                mine(self._node, calls=self._chance.randint(0, 6))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def ingest(tmp_path: Path, bootstrap: str, namespace: str, node: LocalNode) -> Ingest:
    return Ingest(tmp_path, bootstrap, namespace, node)


def blocks_of(node: LocalNode) -> list[RawBlock]:
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


def newest(broker: KafkaBroker) -> str:
    """Return the hash of the block that was published last; '' if it was a retraction, or nothing
    is published yet."""
    partition, found = Partition(BLOCKS.name, 0), list[Message]()
    read_all(broker, partition, found.append, broker.bounds(partition)[1] - 1)
    record = decode_from(BLOCKS, found[-1].value or b"") if found else None
    return record.hash if isinstance(record, Block) else ""


def check(broker: KafkaBroker, node: LocalNode) -> None:
    """Compare the topics with the node, record by record."""
    memory = MemoryBroker()
    memory.create(TOPICS.values())
    wanted = blocks_of(node)
    chain, records = read_back(broker)
    assert chain == [block.hash for block in wanted]
    assert records == expected(wanted, Lenses([MEADOW], Path()).live(CHAIN), memory)
    assert check_deployments(memory) <= check_deployments(broker), "a deployment is missing"


def kill_somewhere(process: ChildProcess, broker: KafkaBroker, chance: Random) -> None:
    """Kill the process at some moment: on its way up, or among the blocks it publishes."""
    partition = Partition(BLOCKS.name, 0)
    _, before = broker.bounds(partition)
    records, moment = chance.randint(0, 12), chance.random() * 0.03
    deadline = time.monotonic() + 30
    while broker.bounds(partition)[1] < before + records and time.monotonic() < deadline:
        process.require_running()
    time.sleep(moment)  # anywhere in the middle of a block
    process.kill()


def kill_again_and_again(
    ingest: Ingest, broker: KafkaBroker, node: LocalNode, *, kills: int, seed: int
) -> None:
    broker.create(TOPICS.values())
    deploy(node)
    chance = Random(seed)
    with Miner(node, Random(seed)) as miner:
        for _ in range(kills):
            kill_somewhere(ingest.start(), broker, chance)
    assert miner.reorganisations
    process = ingest.start()
    until(lambda: newest(broker) == head_of(node), seconds=120)
    assert process.stop() == 0
    check(broker, node)


@pytest.mark.slow
def test_killed_a_few_times_it_leaves_no_hole_and_no_double(
    ingest: Ingest, broker: KafkaBroker, node: LocalNode
) -> None:
    kill_again_and_again(ingest, broker, node, kills=3, seed=4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_twenty_random_points_it_leaves_no_hole_and_no_double(
    ingest: Ingest, broker: KafkaBroker, node: LocalNode
) -> None:
    kill_again_and_again(ingest, broker, node, kills=20, seed=20)
