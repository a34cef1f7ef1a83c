"""The root over a block's receipts, as its header has it: what proves that none was left out.

Sources: Ethereum Yellow Paper, section 4.3.1 (receipts, bloom); EIP-2718 (typed receipts), EIP-658
(status).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from eth_hash.auto import keccak

from runtime import hexadecimal
from runtime.consensus.rlp import integer, listed, string
from runtime.consensus.trie import ordered_root
from schemas.errors import PoisonRecordError

BLOOM_BYTES = 256


def receipts_root(receipts: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the root over receipts in JSON-RPC form, in the order of their transactions.

    A bloom that a receipt does not carry is computed. Raises `PoisonRecordError` naming the field
    that cannot be read.
    """
    return ordered_root([_receipt(receipt) for receipt in receipts])


def logs_bloom(logs: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the bloom filter over contracts and topics of these logs.

    Raises `PoisonRecordError` naming the field that cannot be read.
    """
    bits = 0
    for log in logs:
        for item in (_contract(log), *_topics(log)):
            bits |= _bloom_bits(item)
    return bits.to_bytes(BLOOM_BYTES, "big")


@lru_cache(maxsize=8192)
def _bloom_bits(item: bytes) -> int:
    digest = keccak(item)
    bits = 0
    for at in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return bits


def _receipt(receipt: Mapping[str, Any]) -> bytes:
    logs = _logs(receipt)
    if receipt.get("status") is None:
        outcome = _bytes(receipt.get("root"), "root")
    else:
        outcome = integer(hexadecimal.quantity(receipt["status"], "status"))
    used = hexadecimal.quantity(receipt.get("cumulativeGasUsed"), "cumulativeGasUsed")
    given = receipt.get("logsBloom")
    encoded_logs = listed([_log(log) for log in logs])
    bloom = logs_bloom(logs) if given is None else _bytes(given, "logsBloom")
    body = listed([string(outcome), string(integer(used)), string(bloom), encoded_logs])
    kind = hexadecimal.quantity(receipt.get("type") or "0x0", "type")
    return integer(kind) + body


def _logs(receipt: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    logs = receipt.get("logs") or []
    if not isinstance(logs, list) or not all(isinstance(log, Mapping) for log in logs):
        raise PoisonRecordError(f"logs are not a list of tables: {str(logs)[:90]!r}")
    return logs


def _log(log: Mapping[str, Any]) -> bytes:
    topics = listed([string(topic) for topic in _topics(log)])
    return listed([string(_contract(log)), topics, string(_bytes(log.get("data"), "data"))])


def _contract(log: Mapping[str, Any]) -> bytes:
    return bytes.fromhex(hexadecimal.address(log.get("address"), "address")[2:])


def _topics(log: Mapping[str, Any]) -> list[bytes]:
    topics = log.get("topics")
    if not isinstance(topics, list):
        raise PoisonRecordError(f"topics are not a list: {str(topics)[:90]!r}")
    return [bytes.fromhex(hexadecimal.hash32(topic, "topic")[2:]) for topic in topics]


def _bytes(value: Any, field: str) -> bytes:
    return bytes.fromhex(hexadecimal.data(value, field)[2:])
