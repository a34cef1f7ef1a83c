"""A real node, over each kind of connection, with reorganisations and with liars in between."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from ingest.evm.endpoints import Endpoints
from ingest.evm.source import NodeSource
from ingest.evm.traces import Traces
from ingest.raw import RawBlock
from runtime.clock import SystemClock
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from sandbox.node import LocalNode
from schemas.chain import Block, Deployment, Event, Pending, Retraction, Transaction
from schemas.errors import UnsafeToContinueError
from schemas.topics import BLOCKS, DEPLOYMENTS, EVENTS, PENDING, TRANSACTIONS
from tests.integration.ingest.running import (
    POOL,
    SINK,
    USER,
    RunningIngest,
    chain_of,
    deploy,
    mine,
    published,
    published_chain,
    reorganise,
    send,
    until,
)
from tests.integration.ingest.servers import http

pytestmark = pytest.mark.node


def newest(addresses: list[str], traces: Traces = "auto") -> RawBlock:
    async def fetch() -> RawBlock:
        metrics = Metrics()
        nodes = Endpoints(addresses, 5.0, traces, metrics, SystemClock())
        source = NodeSource(nodes, metrics)
        try:
            found = await source.block(await source.latest())
        finally:
            await nodes.close()
        assert found is not None
        return found

    return asyncio.run(fetch())


def test_every_kind_of_connection_gives_the_same_block(node: LocalNode) -> None:
    deploy(node)
    mine(node, calls=3)
    blocks = [newest([address]) for address in (str(node.ipc), node.ws, node.http)]
    assert blocks[0] == blocks[1] == blocks[2]
    (first, *_) = blocks[0].transactions
    assert (first.sender, first.to, first.ok) == (USER, POOL, True)
    assert [log.contract for log in first.logs or ()] == [POOL]
    assert [(frame.depth, frame.to) for frame in first.frames or ()] == [(0, POOL), (1, SINK)]


def test_both_kinds_of_traces_give_the_same_frames(node: LocalNode) -> None:
    deploy(node)
    mine(node, calls=2)
    parity, geth = newest([str(node.ipc)], "parity"), newest([str(node.ipc)], "geth")
    assert [tx.frames for tx in parity.transactions] == [tx.frames for tx in geth.transactions]


def test_a_dead_endpoint_is_gone_by(node: LocalNode, tmp_path: Path) -> None:
    deploy(node)
    dead = [str(tmp_path / "none.ipc"), "ws://127.0.0.1:9", "http://127.0.0.1:9"]
    assert newest([*dead, node.http]) == newest([node.http])


def test_what_a_node_does_is_published(node: LocalNode) -> None:
    broker = MemoryBroker()
    deploy(node)
    with RunningIngest(broker, [str(node.ipc)]) as ingest:
        for number in range(2, 6):
            mine(node, calls=2)
            ingest.wait_for(partial(ingest.is_at, number))
    assert published_chain(broker) == chain_of(node, 0)
    transactions = [r for r in published(broker, TRANSACTIONS) if isinstance(r, Transaction)]
    assert [(r.block, r.index) for r in transactions] == [
        (1, 0), *((number, index) for number in range(2, 6) for index in range(2)),
    ]  # fmt: skip
    assert {r.seen for r in transactions} == {("calls", "logs", "flows")}
    events = [r for r in published(broker, EVENTS) if isinstance(r, Event)]
    assert len(events) == 8
    (born,) = published(broker, DEPLOYMENTS)
    assert isinstance(born, Deployment)
    assert (born.address, born.creator) == (POOL, USER)
    assert born in published(broker, TRANSACTIONS)


@pytest.mark.parametrize("kind", ["ipc", "ws", "http"])
def test_a_reorganisation_is_published_as_retractions_and_the_new_branch(
    node: LocalNode, kind: str
) -> None:
    broker = MemoryBroker()
    deploy(node)
    with RunningIngest(broker, [str(getattr(node, kind))]) as ingest:
        for _ in range(4):
            mine(node)
        ingest.wait_for(lambda: ingest.head() == 5)
        reorganise(node, depth=3)
        ingest.wait_for(lambda: published_chain(broker) == chain_of(node, 0))
        mine(node)
        ingest.wait_for(lambda: ingest.head() == 6)
    assert published_chain(broker) == chain_of(node, 0)
    kinds = [type(record) for record in published(broker, BLOCKS)]
    assert kinds == [Block] * 6 + [Retraction] * 3 + [Block] * 4


def test_a_reorganisation_beyond_finality_stops_it_loudly(node: LocalNode) -> None:
    broker = MemoryBroker()
    deploy(node)

    def run() -> None:
        with RunningIngest(broker, [str(node.ipc)], finality=2) as ingest:
            for _ in range(5):
                mine(node)
            ingest.wait_for(lambda: ingest.head() == 6)
            reorganise(node, depth=4)
            mine(node)
            until(ingest.ended)

    with pytest.raises(UnsafeToContinueError, match="final block 4"):
        run()
    assert not [r for r in published(broker, BLOCKS) if isinstance(r, Retraction)]


def test_blocks_made_while_it_was_down_are_backfilled(node: LocalNode) -> None:
    broker = MemoryBroker()
    deploy(node)
    with RunningIngest(broker, [node.http]) as ingest:
        ingest.wait_for(lambda: ingest.head() == 1)
    for _ in range(30):
        mine(node)
    with RunningIngest(broker, [node.http]) as ingest:
        ingest.wait_for(lambda: ingest.head() == 31)
    assert published_chain(broker) == chain_of(node, 0)
    assert [type(record) for record in published(broker, BLOCKS)] == [Block] * 32


def test_it_says_that_it_is_ready_once_it_follows_the_chain(node: LocalNode) -> None:
    broker = MemoryBroker()
    with RunningIngest(broker, [str(node.ipc)]) as ingest:
        until(lambda: not ingest.service.health.obstacle())
        deploy(node)
        ingest.wait_for(lambda: ingest.head() == 1)


def test_while_no_node_answers_it_says_what_it_waits_for_and_still_stops(tmp_path: Path) -> None:
    with RunningIngest(MemoryBroker(), [str(tmp_path / "none.ipc")]) as ingest:
        until(lambda: "none.ipc" in ingest.service.health.obstacle())


def test_pending_transactions_are_published_once_and_to_the_protocol_they_call(
    node: LocalNode,
) -> None:
    broker = MemoryBroker()
    deploy(node)
    with RunningIngest(broker, [str(node.ipc), node.ws], pending=True) as ingest:
        ingest.wait_for(lambda: ingest.head() == 1)
        known: list[str] = []

        def seen() -> bool:
            known.append(send(node, to=POOL, data="0x12"))
            return bool(published(broker, PENDING))

        until(seen)
        until(lambda: {r.tx for r in _pending(broker)} == set(known))
    assert sorted(r.tx for r in _pending(broker)) == sorted(known)
    (first, *_) = _pending(broker)
    assert (first.sender, first.to, first.data) == (USER, POOL, "0x12")
    under = [r for r in published(broker, TRANSACTIONS) if isinstance(r, Pending)]
    assert sorted(r.tx for r in under) == sorted(known)


def _pending(broker: MemoryBroker) -> list[Pending]:
    return [record for record in published(broker, PENDING) if isinstance(record, Pending)]


Tamper = Callable[[str, Any], Any]


def _leave_out_a_log(method: str, result: Any) -> Any:
    for receipt in result if method == "eth_getBlockReceipts" else ():
        receipt["logs"] = []
    return result


def _say_nothing_of_the_newest(method: str, result: Any) -> Any:
    return None if method in ("eth_getBlockByHash", "eth_getBlockReceipts") else result


def _mix_up_traces(method: str, result: Any) -> Any:
    for row in result if method == "trace_block" else ():
        row["blockHash"] = "0x" + "00" * 32
    return result


@pytest.mark.parametrize("tamper", [_leave_out_a_log, _say_nothing_of_the_newest, _mix_up_traces])
def test_between_a_liar_and_an_honest_node_the_truth_is_published(
    node: LocalNode, tamper: Tamper
) -> None:
    deploy(node)
    mine(node, calls=2)
    truth = newest([node.http])

    async def through_the_liar() -> RawBlock | None:
        async with proxy(node, tamper) as place:
            nodes = Endpoints([place, node.http], 5.0, "parity", Metrics(), SystemClock())
            source = NodeSource(nodes, Metrics())
            try:
                return await source.block(await source.latest())
            finally:
                await nodes.close()

    assert asyncio.run(through_the_liar()) == truth


def test_a_node_that_often_refuses_is_still_followed_without_a_gap(node: LocalNode) -> None:
    broker = MemoryBroker()
    deploy(node)
    asked = 0

    def moody() -> web.Response | None:
        nonlocal asked
        asked += 1
        if asked % 9 == 0:
            return web.Response(status=429)
        return web.Response(status=503) if asked % 13 == 0 else None

    ready, done = threading.Event(), threading.Event()
    places: list[str] = []

    async def serve() -> None:
        async with proxy(node, lambda _, found: found, moody) as place:
            places.append(place)
            ready.set()
            while not done.is_set():  # noqa: ASYNC110 - the event is another thread's
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        with RunningIngest(broker, places) as ingest:
            for _ in range(8):
                mine(node)
            ingest.wait_for(lambda: ingest.is_at(9))
    finally:
        done.set()
        thread.join()
    assert published_chain(broker) == chain_of(node, 0)


@asynccontextmanager
async def proxy(
    node: LocalNode, tamper: Tamper, refuse: Callable[[], web.Response | None] = lambda: None
) -> AsyncIterator[str]:
    """Stand between ingest and the node; yields the address."""
    async with ClientSession() as session:

        async def answer(question: dict[str, Any]) -> web.Response:
            refusal = refuse()
            if refusal is not None:
                return refusal
            async with session.post(node.http, json=question) as reply:
                found = json.loads(await reply.read())
            if "result" in found:
                found["result"] = tamper(question["method"], found["result"])
            return web.json_response(found)

        async with http(answer) as place:
            yield f"http://{place}"
