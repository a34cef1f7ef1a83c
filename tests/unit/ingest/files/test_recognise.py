from typing import Any

import pytest

from ingest.files.recognise import SHAPES, recognise

EXAMPLES: list[tuple[str, Any]] = [
    ("protocol history", {"0x" + "ab" * 32: []}),
    ("JSON-RPC block", {"number": 1, "hash": 1, "parentHash": 1, "transactions": []}),
    ("JSON-RPC receipt", {"transactionHash": 1, "cumulativeGasUsed": 1, "logs": [], "from": 1}),
    ("JSON-RPC log", {"address": 1, "topics": [], "logIndex": 1, "transactionHash": 1, "data": 1}),
    ("JSON-RPC transaction", {"hash": 1, "from": 1, "to": 1, "gas": 1, "input": 1, "type": "0x2"}),
    ("Parity trace", {"action": {}, "traceAddress": [], "transactionHash": 1, "type": "call"}),
    ("Parity trace", {"action": {}, "trace_address": [], "transaction_hash": 1, "type": "call"}),
    ("block with traces and receipts", {"block_number": 1, "traces": [], "receipts": []}),
    ("call tree", {"type": "CALL", "from": 1, "to": 1, "gas": 1, "input": 1}),
    ("call trees of a block", [{"result": {"type": "CALL", "from": 1}}]),
    ("call trees of a numbered block", {"block_number": 1, "transaction_traces": []}),
    ("block", {"number": 1, "hash": 1, "parent_hash": 1, "timestamp": 1, "gas_used": 1}),
    (
        "transaction",
        {"hash": 1, "block_number": 1, "from_address": 1, "to_address": 1, "input": 1, "value": 1},
    ),
    (
        "receipt",
        {
            "transaction_hash": 1,
            "cumulative_gas_used": 1,
            "gas_used": 1,
            "transaction_index": 1,
            "block_number": 1,
            "to": 1,
        },
    ),
    (
        "log",
        {
            "transaction_hash": 1,
            "log_index": 1,
            "address": 1,
            "topics": [],
            "data": 1,
            "block_number": 1,
        },
    ),
    (
        "token transfer",
        {
            "token_address": 1,
            "from_address": 1,
            "to_address": 1,
            "transaction_hash": 1,
            "value": 1,
            "block_number": 1,
        },
    ),
    (
        "trace",
        {
            "trace_type": 1,
            "trace_address": 1,
            "from_address": 1,
            "to_address": 1,
            "input": 1,
            "transaction_hash": 1,
        },
    ),
    ("contract", {"address": 1, "bytecode": 1}),
    ("token", {"address": 1, "symbol": 1, "decimals": 1, "name": 1}),
    (
        "raw log",
        {"block_number": 1, "transaction_hash": 1, "log_index": 1, "topics": [], "data": 1},
    ),
    (
        "raw log's transaction",
        {
            "transaction_hash": 1,
            "block_number": 1,
            "transaction_index": 1,
            "from": 1,
            "to": 1,
            "value": 1,
        },
    ),
    ("bytecode", {"init_code": 1, "runtime_code": 1, "address": 1, "label": 1}),
    ("price series", {"meta": {}, "data": [{"dt": 1, "o": 1, "h": 1, "l": 1, "c": 1}]}),
    ("price bars", [[1678338000000, 1, 2, 0.5, 1.5, 7]]),
    ("price bar", {"date": 1, "open": 1, "high": 1, "low": 1, "close": 1}),
    ("pool state", {"token0Price": 1, "token1Price": 1, "timestamp": 1, "tick": 1}),
]


@pytest.mark.parametrize(("name", "value"), EXAMPLES)
def test_content_has_one_shape_and_no_other(name: str, value: Any) -> None:
    assert [shape.name for shape in SHAPES if shape.fits(value)] == [name]


def test_every_shape_has_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == {shape.name for shape in SHAPES}


@pytest.mark.parametrize(
    "value", [None, 5, "text", [], {}, [5], [[]], {"type": ["CALL"], "from": 1}, {"data": 5}]
)
def test_other_values_have_no_shape(value: Any) -> None:
    assert recognise(value) is None
