"""A block as a node answers it, receipts and traces too, made to fit together."""

from copy import deepcopy
from typing import Any

from runtime.consensus.receipts import logs_bloom, receipts_root
from schemas.operations import BlockRef

HASH, PARENT = "0x" + "b1" * 32, "0x" + "b0" * 32
USER, POOL, CHILD = ("0x" + pair * 20 for pair in ("aa", "11", "cc"))
NAMES = tuple("0x" + pair * 32 for pair in ("01", "02"))
HEADER = BlockRef(number=16, hash=HASH, parent=PARENT, timestamp=1_700_000_000)


def _receipt(index: int, **fields: Any) -> dict[str, Any]:
    return {
        "transactionHash": NAMES[index],
        "transactionIndex": hex(index),
        "blockHash": HASH,
        "status": "0x1",
        "type": "0x2",
        "gasUsed": "0x5208",
        "cumulativeGasUsed": hex(21_000 * (index + 1)),
        "contractAddress": None,
        "logs": [],
        **fields,
    }


def _transaction(index: int, **fields: Any) -> dict[str, Any]:
    given = {"from": USER, "to": POOL, "value": "0x7", "input": "0xdeadbeef"}
    return {"hash": NAMES[index], **given, **fields}


def receipts() -> list[dict[str, Any]]:
    log = {"address": POOL, "topics": ["0x" + "ee" * 32], "data": "0x01", "logIndex": "0x0"}
    return [
        _receipt(0, logs=[log]),
        _receipt(1, contractAddress=CHILD),
    ]


def sealed(block: dict[str, Any], outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    """Give a block the root and the bloom of its receipts."""
    block["receiptsRoot"] = "0x" + receipts_root(outcomes).hex()
    logs = [log for outcome in outcomes for log in outcome["logs"]]
    block["logsBloom"] = "0x" + logs_bloom(logs).hex()
    return block


def block() -> dict[str, Any]:
    made: dict[str, Any] = {
        "number": hex(HEADER.number),
        "hash": HASH,
        "parentHash": PARENT,
        "timestamp": hex(HEADER.timestamp),
        "transactions": [_transaction(0), _transaction(1, to=None)],
    }
    return sealed(made, receipts())


def parity_rows() -> list[dict[str, Any]]:
    call = {"callType": "call", "from": USER, "to": POOL, "value": "0x7", "input": "0xdeadbeef"}
    creation = {"from": USER, "value": "0x7", "init": "0x60"}
    common = {"blockHash": HASH, "subtraces": 0, "traceAddress": []}
    return [
        {
            "type": "call",
            "action": call,
            "result": {"output": "0x", "gasUsed": "0x0"},
            "transactionPosition": 0,
            **common,
        },
        {
            "type": "create",
            "action": creation,
            "result": {"address": CHILD, "code": "0x6001", "gasUsed": "0x0"},
            "transactionPosition": 1,
            **common,
        },
        {"type": "reward", "action": {}, "transactionPosition": None, **common},
    ]


def geth_trees() -> list[dict[str, Any]]:
    call = {"type": "CALL", "from": USER, "to": POOL, "value": "0x7", "input": "0xdeadbeef"}
    creation = {"type": "CREATE", "from": USER, "to": CHILD, "value": "0x7", "input": "0x60"}
    return deepcopy(
        [{"result": call | {"output": "0x"}}, {"result": creation | {"output": "0x6001"}}]
    )
