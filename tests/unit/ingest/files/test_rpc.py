from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.files import Item, Unreadable
from ingest.raw import RawBlock, RawLog

Put = Callable[..., Path]
Blocks = Callable[..., list[RawBlock]]
Broken = Callable[..., list[Unreadable]]


def address(number: int) -> str:
    return f"0x{number:040x}"


def digest(number: int) -> str:
    return f"0x{number:064x}"


def log(index: int, tx: int = 1) -> dict[str, Any]:
    return {
        "address": address(0xA),
        "topics": [digest(7)],
        "data": "0x01",
        "logIndex": hex(index),
        "blockNumber": "0x10",
        "blockHash": digest(100),
        "transactionHash": digest(tx),
        "transactionIndex": hex(tx),
    }


def receipt(tx: int, *logs: dict[str, Any]) -> dict[str, Any]:
    return {
        "transactionHash": digest(tx),
        "transactionIndex": hex(tx),
        "blockNumber": "0x10",
        "blockHash": digest(100),
        "status": "0x1",
        "gasUsed": "0x5208",
        "contractAddress": None,
        "logs": list(logs),
    }


def transaction(index: int, **more: Any) -> dict[str, Any]:
    return {
        "hash": digest(index),
        "transactionIndex": hex(index),
        "from": address(1),
        "to": address(2),
        "value": hex(2**200),
        "gas": "0x5208",
        "input": "0xABCD",
        **more,
    }


def block(*transactions: Any, number: int = 16) -> dict[str, Any]:
    return {
        "number": hex(number),
        "hash": digest(number + 84),
        "parentHash": digest(number + 83),
        "timestamp": "0x60",
        "transactions": list(transactions),
    }


def test_receipts_may_be_inlined_in_their_block(put: Put, blocks: Blocks) -> None:
    put("block.json.gz", block(transaction(0, receipt=receipt(0, log(0))), transaction(1)))
    (found,) = blocks()
    assert (found.number, found.hash, found.parent, found.timestamp) == (
        16,
        digest(100),
        digest(99),
        96,
    )
    first, second = found.transactions
    assert first.value == 2**200
    assert first.input == "0xabcd"
    assert first.ok is True
    assert first.gas_used == 21000
    assert first.logs == [RawLog(address(0xA), (digest(7),), "0x01", 0)]
    assert second.logs is None
    assert second.ok is None


def test_receipts_of_another_file_are_joined_by_hash(put: Put, blocks: Blocks) -> None:
    put("a.json", block(transaction(0), transaction(1)))
    put("b.json", [receipt(1, log(5))])
    (found,) = blocks()
    assert [len(tx.logs or ()) for tx in found.transactions] == [0, 1]
    assert found.transactions[0].logs is None


def test_it_does_not_matter_which_file_comes_first(put: Put, blocks: Blocks) -> None:
    put("a.json", [receipt(1, log(5))])
    put("b.json", block(transaction(0), transaction(1)))
    (found,) = blocks()
    assert [tx.index for tx in found.transactions] == [0, 1]
    assert found.timestamp == 96
    assert found.transactions[1].logs


@pytest.mark.parametrize(
    "wrap",
    [
        lambda value: {"EVM": value},
        lambda value: [{"EVM": value}],
        lambda value: {"jsonrpc": "2.0", "id": 1, "result": value},
        lambda value: [{"jsonrpc": "2.0", "id": 1, "result": value}],
        lambda value: [value],
    ],
)
def test_wrappings_are_taken_off(
    put: Put, blocks: Blocks, wrap: Callable[[dict[str, Any]], Any]
) -> None:
    put("block.json", wrap(block(transaction(0))))
    (found,) = blocks()
    assert found.transactions[0].sender == address(1)


def test_a_block_may_hold_hashes_instead_of_transactions(put: Put, blocks: Blocks) -> None:
    put("block.json", block(digest(5), digest(6)))
    (found,) = blocks()
    assert [(tx.hash, tx.index) for tx in found.transactions] == [(digest(5), 0), (digest(6), 1)]
    assert found.transactions[0].value is None


def test_recorded_answers_of_a_folder_make_one_block(put: Put, blocks: Blocks) -> None:
    def answer(result: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": 0, "result": result}

    row = {
        "type": "call",
        "action": {"from": address(1), "to": address(2), "input": "0x", "value": "0x0"},
        "result": {"output": "0x"},
        "traceAddress": [],
        "transactionHash": digest(1),
        "transactionPosition": 1,
        "blockHash": digest(100),
        "blockNumber": 16,
    }
    put("eth_getBlockByNumber.json", answer(block(transaction(1))))
    put("eth_getLogs.json", answer([log(3), log(4)]))
    put("eth_getTransactionReceipt.json", answer(receipt(1, log(3))))
    put("trace_block.json", answer([row]))
    put("eth_call.json", answer("0x" + "00" * 32))
    put("eth_uninstallFilter.json", answer(result=True))
    (found,) = blocks()
    (told,) = found.transactions
    assert [one.log for one in told.logs or ()] == [3, 4]
    assert told.frames is not None
    assert told.frames[0].to == address(2)


def test_two_blocks_of_one_number_stay_apart(put: Put, blocks: Blocks) -> None:
    other = block(transaction(0)) | {"hash": digest(777)}
    put("a.json", [block(transaction(0)), other])
    assert [found.hash for found in blocks()] == [digest(100), digest(777)]


def test_blocks_come_in_ascending_order(put: Put, blocks: Blocks) -> None:
    put("a.json", [block(number=number) for number in (300, 9, 20)])
    assert [found.number for found in blocks()] == [9, 20, 300]


def test_one_bad_transaction_does_not_lose_the_others(
    put: Put, items: Callable[..., list[Item]]
) -> None:
    put("a.json", block(transaction(0), transaction(1) | {"value": "0x-1"}, transaction(2)))
    bad, good = items()
    assert isinstance(bad.body, Unreadable)
    assert bad.body.where == "transaction 1"
    assert "value" in bad.body.reason
    assert b"0x-1" in bad.body.raw
    assert isinstance(good.body, RawBlock)
    assert [tx.index for tx in good.body.transactions] == [0, 2]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", -5),
        ("number", hex(2**63)),
        ("number", "0x"),
        ("number", True),
        ("hash", "0x12"),
        ("hash", None),
        ("parentHash", digest(1)[:-1] + "g"),
        ("timestamp", "yesterday"),
        ("timestamp", 10**400),
        ("transactions", {"0": 1}),
    ],
)
def test_a_bad_block_is_unreadable_by_field(
    put: Put, broken: Broken, field: str, value: Any
) -> None:
    put("a.json", block(transaction(0)) | {field: value})
    (bad,) = broken()
    assert field in bad.reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "0x1"),
        ("topics", [digest(1)] * 5),
        ("topics", "none"),
        ("data", "0xabc"),
        ("logIndex", hex(2**31)),
        ("transactionIndex", None),
    ],
)
def test_a_bad_log_is_unreadable_by_field(put: Put, broken: Broken, field: str, value: Any) -> None:
    put("a.json", [log(0), log(1) | {field: value}])
    (bad,) = broken()
    assert bad.where == "item 1"
    assert field in bad.reason


def test_a_log_told_twice_counts_once(put: Put, blocks: Blocks) -> None:
    put("a.json", [receipt(1, log(3))])
    put("b.json", [log(3)])
    (found,) = blocks()
    assert len(found.transactions[0].logs or ()) == 1


def test_a_log_told_twice_differently_is_refused(put: Put, broken: Broken) -> None:
    put("a.json", [receipt(1, log(3))])
    put("b.json", [log(3) | {"data": "0x02"}])
    (bad,) = broken()
    assert "told twice" in bad.reason
