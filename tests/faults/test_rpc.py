"""A node that lies, lags, forks, refuses or falls silent: all of the chain is published even so.

Ingest runs in this process, on a real node, through a proxy that breaks what it says.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.memory import MemoryBroker
from sandbox import fetch
from sandbox.node import LocalNode, NodeOptions
from schemas.chain import Block, Retraction
from schemas.topics import BLOCKS, EVENTS
from tests.faults.proxy import Fault, Proxy
from tests.integration.ingest.running import (
    RunningIngest,
    chain_of,
    deploy,
    mine,
    published,
    published_chain,
    until,
)

pytestmark = [pytest.mark.node]

LONG = pytest.mark.faults

PATIENCE = 90.0
SHORT = 1.0
"""Seconds that a request may take."""


@pytest.fixture
def proxy(node: LocalNode) -> Iterator[Proxy]:
    with Proxy(node) as made:
        yield made


def metric(ingest: RunningIngest, name: str, endpoint: str) -> float:
    found = getattr(ingest.service.metrics, name).labels(endpoint)._value.get()
    return float(found)


@pytest.mark.parametrize(
    "fault",
    [
        "omits logs",
        "hangs",
        *(pytest.param(fault, marks=LONG) for fault in ("lags", "429", "cuts off", "garbage")),
    ],
)
def test_with_an_honest_node_beside_it_nothing_is_missed(
    node: LocalNode, proxy: Proxy, fault: Fault
) -> None:
    broker = MemoryBroker()
    deploy(node)
    with RunningIngest(broker, [proxy.address, node.http], request_seconds=SHORT) as ingest:
        until(partial(ingest.is_at, 1), PATIENCE)
        proxy.fault = fault
        for _ in range(10):
            mine(node, calls=2)
        until(partial(ingest.is_at, 11), PATIENCE)

        def found_out() -> bool:
            mine(node, calls=2)
            until(lambda: ingest.is_at(height(node)), PATIENCE)
            return metric(ingest, "endpoint_faults", proxy.address) > 0

        if fault == "omits logs":  # ten at once may leave it behind; level, it is asked first
            until(found_out, PATIENCE)
    assert published_chain(broker) == chain_of(node, 0)
    assert len(published(broker, EVENTS)) == 2 * (height(node) - 1) + markers(broker)


def height(node: LocalNode) -> int:
    return int(node.rpc("eth_blockNumber"), 16)


def markers(broker: MemoryBroker) -> int:
    return sum(isinstance(r, Block | Retraction) for r in published(broker, EVENTS))


@LONG
@pytest.mark.parametrize("fault", ["omits logs", "429", "503", "hangs", "cuts off", "garbage"])
def test_alone_it_is_waited_for_and_then_everything_is_there(
    node: LocalNode, proxy: Proxy, fault: Fault
) -> None:
    """As long as ten minutes, or ten seconds: it depends on the rests between attempts alone."""
    broker = MemoryBroker()
    deploy(node)
    with RunningIngest(broker, [proxy.address], request_seconds=SHORT) as ingest:
        until(partial(ingest.is_at, 1), PATIENCE)
        proxy.fault = fault
        mine(node, calls=2)
        until(lambda: bool(ingest.service.health.obstacle()), PATIENCE)
        assert published_chain(broker) == chain_of(node, 0)[:2], "nothing unchecked"
        for _ in range(5):
            mine(node, calls=2)
        proxy.fault = ""
        until(partial(ingest.is_at, 7), PATIENCE)
        until(lambda: not ingest.service.health.obstacle(), PATIENCE)
    assert published_chain(broker) == chain_of(node, 0)
    assert [type(record) for record in published(broker, BLOCKS)] == [Block] * 8


@pytest.fixture
def torn(cache: Path, tmp_path: Path) -> Iterator[tuple[LocalNode, LocalNode]]:
    """Two nodes whose chains part after their first block."""
    anvil = fetch.anvil(cache, print)
    options = NodeOptions(mining=False, further=("--timestamp", "1700000000"))
    with (
        LocalNode(tmp_path / "n", anvil, options) as node,
        LocalNode(tmp_path / "f", anvil, options) as forked,
    ):
        for each in (node, forked):
            deploy(each)
        for _ in range(4):
            mine(forked, calls=3)
        yield node, forked


def test_a_node_on_a_branch_of_its_own_is_outvoted_by_two_others(
    torn: tuple[LocalNode, LocalNode],
) -> None:
    node, forked = torn
    broker = MemoryBroker()
    assert chain_of(node, 0)[0] == chain_of(forked, 0)[0]
    endpoints = [forked.http, node.http, str(node.ipc)]
    with RunningIngest(broker, endpoints) as ingest:
        for _ in range(6):
            mine(node)
            mine(forked)
        until(lambda: metric(ingest, "outvoted", forked.http) == 1, PATIENCE)
        until(lambda: published_chain(broker) == chain_of(node, 0), PATIENCE)
        for _ in range(6):
            mine(forked, calls=3)
            mine(node)
        until(lambda: published_chain(broker) == chain_of(node, 0), PATIENCE)
        before = len(published(broker, BLOCKS))
        mine(forked)
        settle(ingest.head)
        assert len(published(broker, BLOCKS)) == before, "the fork moves nothing any more"


def settle(value: Callable[[], int], seconds: float = 2.0) -> None:
    """Give it time to do what it must not do."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value()
        time.sleep(0.05)
