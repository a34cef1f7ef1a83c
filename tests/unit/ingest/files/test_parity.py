from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.files import Item, Tally, Unreadable, read
from ingest.raw import RawBlock

Put = Callable[..., Path]
Blocks = Callable[..., list[RawBlock]]
Broken = Callable[..., list[Unreadable]]


def address(number: int) -> str:
    return f"0x{number:040x}"


def digest(number: int) -> str:
    return f"0x{number:064x}"


def row(tx: int, place: list[int], **more: Any) -> dict[str, Any]:
    return {
        "type": "call",
        "action": {
            "callType": "call",
            "from": address(1),
            "to": address(2),
            "input": "0x",
            "value": "0x1",
        },
        "result": {"gasUsed": "0x0", "output": "0x"},
        "subtraces": 0,
        "traceAddress": place,
        "transactionHash": digest(tx),
        "transactionPosition": tx,
        "blockHash": digest(100),
        "blockNumber": 16,
        **more,
    }


REWARD = row(0, []) | {
    "type": "reward",
    "action": {"author": address(3), "rewardType": "block", "value": "0x1"},
    "result": None,
    "transactionHash": None,
    "transactionPosition": None,
}

SNAKE = {
    "traceAddress": "trace_address",
    "transactionHash": "transaction_hash",
    "transactionPosition": "transaction_position",
    "blockHash": "block_hash",
    "blockNumber": "block_number",
}


def snake(told: dict[str, Any]) -> dict[str, Any]:
    return {SNAKE.get(name, name): value for name, value in told.items()}


def test_rows_become_trees_in_the_order_of_execution(put: Put, blocks: Blocks) -> None:
    destroyed = row(1, [1], type="suicide", result=None) | {
        "action": {"address": address(4), "refundAddress": address(5), "balance": "0x9"}
    }
    rows = [REWARD, destroyed, row(1, [0, 0]), row(0, []), row(1, [0]), row(1, [])]
    put("rows.json", rows)
    (found,) = blocks()
    assert (found.number, found.hash) == (16, digest(100))
    first, second = found.transactions
    assert len(first.frames or ()) == 1
    assert [(frame.depth, frame.kind) for frame in second.frames or ()] == [
        (0, "call"),
        (1, "call"),
        (2, "call"),
        (1, "destroy"),
    ]
    assert second.sender == address(1)
    assert second.logs is None


def test_a_list_is_a_case_by_itself(put: Put, items: Callable[..., list[Item]]) -> None:
    put("one.json", [row(0, [])])
    put("two.json", [row(0, [])])
    assert [item.case for item in items()] == ["one", "two"]


def test_a_document_joins_its_receipts(put: Put, blocks: Blocks) -> None:
    receipts = [
        {
            "block_number": 16,
            "transaction_hash": digest(tx),
            "transaction_index": tx,
            "gas_used": gas,
            "cumulative_gas_used": gas,
            "to": address(2).upper().replace("0X", "0x"),
        }
        for tx, gas in ((0, 1), (1, 30000))
    ]
    traces = [snake(row(0, [], error="Reverted", result=None)), snake(REWARD)]
    put(
        "16.json",
        {"block_number": 16, "block_timestamp": 99, "traces": traces, "receipts": receipts},
    )
    (found,) = blocks()
    assert (found.number, found.hash, found.timestamp) == (16, digest(100), 99)
    first, second = found.transactions
    assert first.ok is False
    assert first.gas_used is None
    assert second.gas_used == 30000
    assert second.to == address(2)
    assert second.frames is None


def test_rewards_are_skipped_with_a_reason(put: Put) -> None:
    tally = Tally()
    list(read(put("rows.json", [row(0, []), REWARD]), tally=tally))
    assert tally.skipped == {"block reward": 1}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("traceAddress", "0,1"),
        ("traceAddress", [-1]),
        ("transactionHash", None),
        ("blockNumber", -1),
    ],
)
def test_a_bad_row_is_unreadable_by_field(put: Put, broken: Broken, field: str, value: Any) -> None:
    put("rows.json", [row(0, []), row(1, []) | {field: value}])
    (bad,) = broken()
    assert bad.where == "item 1"
    assert field in bad.reason


def test_a_bad_frame_condemns_its_tree_alone(put: Put, items: Callable[..., list[Item]]) -> None:
    wrong = row(0, [0]) | {"action": {"callType": "call", "from": "me"}}
    put("rows.json", [row(0, []), wrong, row(1, [])])
    bad, good = items()
    assert isinstance(bad.body, Unreadable)
    assert digest(0) in bad.body.where
    assert isinstance(good.body, RawBlock)
    assert [tx.frames is None for tx in good.body.transactions] == [True, False]


def test_a_bad_entry_of_a_document_is_unreadable_alone(put: Put, broken: Broken) -> None:
    receipt = {"transaction_hash": digest(1), "transaction_index": 0, "gas_used": "many"}
    put("16.json", {"block_number": 16, "traces": [snake(row(0, []))], "receipts": [receipt]})
    (bad,) = broken()
    assert bad.where == "receipts[0]"
    assert "gas_used" in bad.reason
