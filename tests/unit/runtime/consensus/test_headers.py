"""Hashes of headers and transactions, against blocks that everybody knows."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.consensus.headers import header_hash, withdrawals_root
from runtime.consensus.transactions import created, sender, transaction_hash, transactions_root
from schemas.errors import PoisonRecordError

EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
GENESIS = {
    "hash": "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
    "parentHash": "0x" + "00" * 32,
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    "miner": "0x" + "00" * 20,
    "stateRoot": "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
    "transactionsRoot": EMPTY_ROOT,
    "receiptsRoot": EMPTY_ROOT,
    "logsBloom": "0x" + "00" * 256,
    "difficulty": "0x400000000",
    "number": "0x0",
    "gasLimit": "0x1388",
    "gasUsed": "0x0",
    "timestamp": "0x0",
    "extraData": "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
    "mixHash": "0x" + "00" * 32,
    "nonce": "0x0000000000000042",
}
"""Ethereum's first block."""


def found(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every block within a recording."""
    if isinstance(value, dict) and {"parentHash", "hash", "logsBloom"} <= value.keys():
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from found(item)


@pytest.fixture(scope="module")
def recent(data: Path) -> list[dict[str, Any]]:
    return list(
        found(json.loads(gzip.decompress((data / "recent_blocks/blocks.json.gz").read_bytes())))
    )


@pytest.fixture(scope="module")
def blocks(data: Path, recent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    files = (data / "ethereum_etl").rglob("*eth_getBlockByNumber*.json")
    return [*recent, *(block for path in files for block in found(json.loads(path.read_text())))]


def test_ethereums_first_block() -> None:
    assert "0x" + header_hash(GENESIS).hex() == GENESIS["hash"]
    assert transactions_root([]).hex() == withdrawals_root([]).hex() == EMPTY_ROOT[2:]


@pytest.mark.parametrize("field", [name for name in GENESIS if name != "hash"])
def test_every_field_counts(field: str) -> None:
    text = GENESIS[field]
    other = text[:-1] + ("1" if text[-1] != "1" else "2")
    assert "0x" + header_hash({**GENESIS, field: other}).hex() != GENESIS["hash"]


def test_a_field_that_cannot_be_read_is_named() -> None:
    for bad in (None, 5, "0x", "stateRoot", "0x" + "zz" * 32):
        with pytest.raises(PoisonRecordError, match="stateRoot"):
            header_hash({**GENESIS, "stateRoot": bad})


def test_recorded_headers_of_every_age_give_their_hash(blocks: list[dict[str, Any]]) -> None:
    whole = [block for block in blocks if not trimmed(block)]
    assert len(whole) >= 12
    assert all("0x" + header_hash(block).hex() == block["hash"] for block in whole)


def trimmed(block: dict[str, Any]) -> bool:
    """Say whether the recording left out fields that the block's fork has."""
    return int(block["number"], 16) > 17_034_870 and "withdrawalsRoot" not in block


def test_recorded_transactions_give_their_hash_and_sender(recent: list[dict[str, Any]]) -> None:
    kinds: Counter[str] = Counter()
    for transaction in (one for block in recent for one in block["transactions"]):
        if transaction["type"] == "0x3" or "l2" in transaction:  # recorded without all fields
            continue
        whole = {"chainId": "0x1", **transaction}
        assert "0x" + transaction_hash(whole).hex() == transaction["hash"]
        assert sender(whole) == transaction["from"]
        kinds[transaction["type"]] += 1
    assert kinds["0x0"] >= 30
    assert kinds["0x2"] >= 200


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("type", "0x7e", "type 0x7e is no transaction of Ethereum's"),
        ("v", "0x2", "v is that of no signature"),
        ("v", None, "v is not"),
        ("r", "0x0", "the signature is of no key"),
        ("to", "0x12", "to is not an address"),
        ("input", "0x1", "input is not bytes"),
    ],
)
def test_what_is_no_transaction_is_named(field: str, value: object, named: str) -> None:
    transaction = {
        "nonce": "0x0",
        "gasPrice": "0x1",
        "gas": "0x5208",
        "to": "0x" + "11" * 20,
        "value": "0x1",
        "input": "0x",
        "v": "0x1b",
        "r": "0x1",
        "s": "0x1",
    }
    sender(transaction)
    with pytest.raises(PoisonRecordError, match=named):
        sender({**transaction, field: value})


def test_lists_of_transactions_are_read_as_lists() -> None:
    transaction = {"type": "0x1", "accessList": "0x", "chainId": "0x1", "nonce": "0x0", "v": "0x0"}
    call = {"gasPrice": "0x1", "gas": "0x1", "value": "0x0", "input": "0x", "r": "0x1", "s": "0x1"}
    with pytest.raises(PoisonRecordError, match="accessList is not a list"):
        transaction_hash({**transaction, **call})
    with pytest.raises(PoisonRecordError, match="accessList holds what is no table"):
        transaction_hash({**transaction, **call, "accessList": ["0x"]})


def test_a_contract_is_made_where_sender_and_nonce_say() -> None:
    """The example of `ethereumjs-util` and of many wallets' tests."""
    first = {"from": "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", "nonce": "0x0"}
    assert created(first) == "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    second = {**first, "nonce": "0x1"}
    assert created(second) == "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8"
