from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.files import Code, Item, Unreadable
from ingest.raw import RawBlock, RawTransfer

Put = Callable[..., Path]
Blocks = Callable[..., list[RawBlock]]
Broken = Callable[..., list[Unreadable]]

HUGE = 2**256 - 1


def address(number: int) -> str:
    return f"0x{number:040x}"


def digest(number: int) -> str:
    return f"0x{number:064x}"


def block(number: int = 16) -> dict[str, Any]:
    return {
        "type": "block",
        "number": number,
        "hash": digest(number + 84),
        "parent_hash": digest(number + 83),
        "timestamp": 1_683_029_999,
        "total_difficulty": 58750003716598352816469,
    }


def transaction(index: int, number: int = 16) -> dict[str, Any]:
    return {
        "type": "transaction",
        "hash": digest(index),
        "block_number": number,
        "block_hash": digest(number + 84),
        "transaction_index": index,
        "from_address": address(1),
        "to_address": None,
        "value": HUGE,
        "input": "0x01",
        "receipt_status": 0,
        "receipt_gas_used": 21000,
        "receipt_contract_address": address(9),
    }


def log(index: int, tx: int) -> dict[str, Any]:
    return {
        "type": "log",
        "log_index": index,
        "transaction_hash": digest(tx),
        "transaction_index": tx,
        "address": address(0xA),
        "data": "0x",
        "topics": [digest(1), digest(2)],
        "block_number": 16,
    }


def trace(place: list[int], **more: Any) -> dict[str, Any]:
    return {
        "type": "trace",
        "trace_type": "call",
        "call_type": "call",
        "transaction_hash": digest(0),
        "transaction_index": 0,
        "block_number": 16,
        "from_address": address(1),
        "to_address": address(2),
        "value": 5,
        "input": "0x11223344",
        "output": None,
        "error": None,
        "trace_address": place,
        **more,
    }


TRANSFER = {
    "type": "token_transfer",
    "token_address": address(0xA),
    "from_address": address(1),
    "to_address": address(2),
    "value": HUGE,
    "transaction_hash": digest(1),
    "log_index": 3,
    "block_number": 16,
}


def test_files_of_a_folder_are_joined_into_blocks(put: Put, blocks: Blocks) -> None:
    put("blocks.json", block(17), block(16))
    put("transactions.json.gz", transaction(0, 17), transaction(1), transaction(0))
    put("logs.json", log(3, 1))
    put("token_transfers.json", TRANSFER)
    first, second = blocks()
    assert (first.number, second.number) == (16, 17)
    assert first.timestamp == 1_683_029_999
    untouched, moved = first.transactions
    assert moved.value == HUGE
    assert moved.ok is False
    assert moved.to is None
    assert moved.created == address(9)
    assert [one.log for one in moved.logs or ()] == [3]
    assert moved.transfers == [RawTransfer(address(0xA), address(1), address(2), HUGE)]
    assert untouched.logs == []
    assert untouched.transfers == []
    assert second.transactions[0].logs is None


def test_one_file_may_mix_everything(put: Put, blocks: Blocks) -> None:
    put("stream.jsonl", block(), transaction(0), log(3, 0), trace([]))
    (found,) = blocks()
    (told,) = found.transactions
    assert told.logs
    assert told.frames


def test_csv_says_the_same(put: Put, blocks: Blocks) -> None:
    put(
        "blocks.csv",
        "number,hash,parent_hash,timestamp,transaction_count",
        f"16,{digest(100)},{digest(99)},1683029999,1",
    )
    put(
        "transactions.csv",
        "hash,nonce,block_hash,block_number,transaction_index,from_address,to_address,value,input",
        f"{digest(0)},1,{digest(100)},16,0,{address(1)},,{HUGE},0x01",
    )
    put(
        "receipts.csv",
        "transaction_hash,transaction_index,block_hash,block_number,cumulative_gas_used,gas_used,"
        "contract_address,root,status",
        f"{digest(0)},0,{digest(100)},16,21000,21000,,0x,",
    )
    put(
        "logs.csv",
        "log_index,transaction_hash,transaction_index,block_hash,block_number,address,data,topics",
        f'3,{digest(0)},0,{digest(100)},16,{address(0xA)},0x,"{digest(1)},{digest(2)}"',
    )
    put(
        "traces.csv",
        "block_number,transaction_hash,transaction_index,from_address,to_address,value,input,"
        "output,trace_type,call_type,trace_address,error",
        f"16,{digest(0)},0,{address(1)},{address(2)},5,0x,0x,call,call,,",
        f"16,{digest(0)},0,{address(2)},{address(3)},0,0x,,call,staticcall,0,Reverted",
        f"16,,,,{address(4)},5,,,reward,,,",
    )
    (found,) = blocks()
    (told,) = found.transactions
    assert told.value == HUGE
    assert told.ok is True
    assert told.gas_used == 21000
    assert [one.topics for one in told.logs or ()] == [(digest(1), digest(2))]
    frames = told.frames or []
    assert [(frame.depth, frame.kind, frame.ok) for frame in frames] == [
        (0, "call", True),
        (1, "staticcall", False),
    ]


def test_traces_make_trees(put: Put, blocks: Blocks) -> None:
    put(
        "traces.json",
        trace([1], trace_type="suicide", from_address=None, to_address=None, input=None),
        trace([0], trace_type="create", input="0x60", output="0x61", to_address=address(5)),
        trace([]),
        trace([0, 0], call_type="delegatecall"),
    )
    (found,) = blocks()
    frames = found.transactions[0].frames or []
    assert [(frame.depth, frame.kind) for frame in frames] == [
        (0, "call"),
        (1, "create"),
        (2, "delegatecall"),
        (1, "destroy"),
    ]
    assert frames[1].to == address(5)
    assert frames[1].output == "0x61"
    assert frames[3].sender == address(2)


def test_a_tree_with_a_hole_is_left_out_and_kept(
    put: Put, items: Callable[..., list[Item]]
) -> None:
    put("traces.json", trace([]), trace([0, 0]))
    put("transactions.json", transaction(0))
    bad, good = items()
    assert isinstance(bad.body, Unreadable)
    assert "[0] is missing" in bad.body.reason
    assert b"11223344" in bad.body.raw
    assert isinstance(good.body, RawBlock)
    assert good.body.transactions[0].frames is None
    assert good.body.transactions[0].value == HUGE


def test_contracts_are_code_and_tokens_are_left_out(
    put: Put, items: Callable[..., list[Item]]
) -> None:
    put("contracts.json", {"address": address(3), "bytecode": "0x6001", "is_erc20": True})
    put("tokens.json", {"address": address(3), "symbol": "X", "decimals": 18})
    (found,) = items()
    assert isinstance(found.body, Code)
    assert (found.body.address, found.body.runtime_code) == (address(3), "0x6001")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("value", 2**256),
        ("value", -1),
        ("value", 1e18),
        ("value", "1_000"),
        ("transaction_index", "0x80000000"),
        ("from_address", 7),
        ("input", "60"),
        ("receipt_status", 2),
        ("block_hash", "0x00"),
    ],
)
def test_a_bad_row_is_unreadable_by_line_and_field(
    put: Put, broken: Broken, field: str, value: Any
) -> None:
    put("transactions.json", transaction(0), transaction(1) | {field: value}, transaction(2))
    (bad,) = broken()
    assert bad.where == "line 2"
    assert field in bad.reason


def test_a_row_unlike_the_others_is_unreadable(put: Put, broken: Broken) -> None:
    put("transactions.json", transaction(0), {"hash": digest(9)})
    (bad,) = broken()
    assert bad.where == "line 2"
