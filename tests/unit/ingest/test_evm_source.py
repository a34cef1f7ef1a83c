"""Whole blocks from nodes that lag, lie, lack methods or are slow."""

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from ingest.evm import source as source_module
from ingest.evm.endpoints import Endpoints
from ingest.evm.errors import NoAnswerError, RefusedError
from ingest.evm.source import NodeSource
from ingest.evm.traces import Traces
from ingest.raw import RawBlock
from runtime.metrics import Metrics
from schemas.errors import TransientError
from schemas.operations import BlockRef
from tests.unit.ingest.fake_node import Answer, FakeConnection, endpoints
from tests.unit.ingest.recorded_block import (
    HASH,
    HEADER,
    NAMES,
    block,
    geth_trees,
    parity_rows,
    receipts,
)

SERVES: dict[str, Answer] = {
    "eth_getBlockByHash": lambda *_: block(),
    "eth_getBlockByNumber": lambda *_: block(),
    "eth_getBlockReceipts": lambda *_: receipts(),
    "trace_block": lambda *_: parity_rows(),
}


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "TRACE_PATIENCE", 0.05)
    monkeypatch.setattr(source_module, "_ASK_AGAIN", 0.001)


def node(
    *tables: Mapping[str, Answer], traces: Traces = "auto"
) -> tuple[NodeSource, Endpoints, Metrics]:
    metrics, nodes = Metrics(), endpoints(*tables, traces=traces)
    return NodeSource(nodes, metrics), nodes, metrics


def fetch(source: NodeSource, header: BlockRef = HEADER) -> RawBlock | None:
    return asyncio.run(source.block(header))


def untraced(metrics: Metrics) -> float:
    return float(metrics.untraced_blocks.labels("eip155:31337")._value.get())


def test_a_block_comes_with_receipts_and_frames() -> None:
    made = fetch(node(SERVES)[0])
    assert made is not None
    assert made.chain == "eip155:31337"
    assert [len(tx.frames or ()) for tx in made.transactions] == [1, 1]
    assert [len(tx.logs or ()) for tx in made.transactions] == [1, 0]


def test_both_kinds_of_traces_give_the_same_frames() -> None:
    geth = {**SERVES, "debug_traceBlockByHash": lambda *_: geth_trees()}
    del geth["trace_block"]
    assert fetch(node(geth)[0]) == fetch(node(SERVES)[0])


def test_without_traces_a_block_is_published_without_frames_and_nothing_is_missed() -> None:
    plain = {name: answer for name, answer in SERVES.items() if name != "trace_block"}
    source, _, metrics = node(plain)
    made = fetch(source)
    assert made is not None
    assert made.transactions[0].frames is None
    assert untraced(metrics) == 0


@pytest.mark.parametrize("transactions", [["0x" + "01" * 32], None, "all", [{}]])
def test_a_block_without_whole_transactions_is_refused(transactions: object) -> None:
    table = {**SERVES, "eth_getBlockByHash": block() | {"transactions": transactions}}
    for left_out in ("none", "eth_getBlockReceipts"):
        with pytest.raises(TransientError):
            fetch(node({k: v for k, v in table.items() if k != left_out})[0])


@pytest.mark.parametrize(
    "answer",
    [
        NoAnswerError("too slow"),
        [],
        [{"blockHash": "0x" + "b9" * 32}],
        None,
        parity_rows()[:1],
    ],
)
def test_traces_that_never_come_are_counted_and_do_not_hold_up_the_block(answer: object) -> None:
    source, nodes, metrics = node({**SERVES, "trace_block": answer}, traces="parity")
    made = fetch(source)
    assert made is not None
    assert made.transactions[0].frames is None
    assert untraced(metrics) == 1
    assert nodes.all[0].rests["blocks"].failures == 0


def test_traces_are_taken_from_another_endpoint_when_one_fails() -> None:
    made = fetch(node({**SERVES, "trace_block": NoAnswerError("slow")}, SERVES, traces="parity")[0])
    assert made is not None
    assert made.transactions[0].frames is not None


def test_an_endpoint_without_traces_does_not_hide_that_another_lost_them() -> None:
    lost = {**SERVES, "trace_block": parity_rows()}
    plain = {name: answer for name, answer in SERVES.items() if name != "trace_block"}
    source, nodes, metrics = node(lost, plain)
    assert fetch(source) is not None
    connection = nodes.all[0].connection
    assert isinstance(connection, FakeConnection)
    connection.answers["trace_block"] = NoAnswerError("too slow")
    assert fetch(source) is not None
    assert untraced(metrics) == 1


def test_receipts_are_asked_for_one_by_one_where_there_is_no_other_way() -> None:
    single = {name: answer for name, answer in SERVES.items() if name != "eth_getBlockReceipts"}
    single["eth_getTransactionReceipt"] = lambda name: receipts()[NAMES.index(name)]
    source, nodes, _ = node(single)
    assert fetch(source) == fetch(node(SERVES)[0])
    assert not nodes.all[0].block_receipts


def test_a_refusal_of_one_block_does_not_put_a_method_out_of_use() -> None:
    moody = {
        **SERVES,
        "eth_getBlockReceipts": RefusedError("header not found", -32000),
        "eth_getTransactionReceipt": lambda name: receipts()[NAMES.index(name)],
    }
    source, nodes, _ = node(moody)
    assert fetch(source) is not None
    assert nodes.all[0].block_receipts


def test_an_endpoint_that_leaves_out_a_log_is_never_believed() -> None:
    def short(*_: object) -> list[dict[str, Any]]:
        outcomes = receipts()
        outcomes[0]["logs"] = []
        return outcomes

    lying = {**SERVES, "eth_getBlockReceipts": short}
    source, nodes, _ = node(lying, SERVES)
    made = fetch(source)
    assert made is not None
    assert len(made.transactions[0].logs or ()) == 1
    assert nodes.all[0].rests["blocks"].failures == 1
    with pytest.raises(TransientError, match="do not fit the header"):
        fetch(node(lying)[0])


def test_an_endpoint_that_gives_another_block_is_never_believed() -> None:
    other = deepcopy(block())
    other["parentHash"] = "0x" + "b9" * 32
    with pytest.raises(TransientError, match="another block"):
        fetch(node({**SERVES, "eth_getBlockByHash": other})[0])


def test_a_block_that_left_the_chain_is_none() -> None:
    gone = {**SERVES, "eth_getBlockByHash": None, "eth_getBlockReceipts": None}
    assert fetch(node(gone)[0]) is None


def test_a_block_that_one_endpoint_does_not_have_yet_comes_from_the_next() -> None:
    behind = {**SERVES, "eth_getBlockByHash": None, "eth_getBlockReceipts": None}
    assert fetch(node(behind, SERVES)[0]) is not None


def test_headers_are_asked_for_by_hash_height_and_latest() -> None:
    source, nodes, _ = node(SERVES)
    assert asyncio.run(source.latest()) == HEADER
    assert asyncio.run(source.header_at(16)) == HEADER
    assert asyncio.run(source.header(16, HASH)) == HEADER
    connection = nodes.all[0].connection
    assert isinstance(connection, FakeConnection)
    asked = [params[0] for method, params in connection.asked if method.startswith("eth_getBlock")]
    assert asked[-3:] == ["latest", "0x10", HASH]


def test_a_header_of_another_height_or_hash_is_refused() -> None:
    with pytest.raises(TransientError, match="asked for block 0x11, got 16"):
        asyncio.run(node(SERVES)[0].header_at(17))
    with pytest.raises(TransientError, match="asked for block 0xb1"):
        asyncio.run(node(SERVES)[0].header(15, HASH))


def test_a_node_without_any_block_is_waited_for() -> None:
    with pytest.raises(TransientError, match="any block"):
        asyncio.run(node({**SERVES, "eth_getBlockByNumber": None}, traces="none")[0].latest())
