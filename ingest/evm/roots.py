"""The root over a block's receipts, as its header has it: what proves that none was left out.

Sources: Ethereum Yellow Paper, appendices B (RLP) and D (Merkle Patricia trie), section 4.3.1
(receipts, bloom); EIP-2718 (typed receipts), EIP-658 (status).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from eth_hash.auto import keccak

from ingest import hexadecimal
from schemas.errors import PoisonRecordError

BLOOM_BYTES = 256

_Leaf = tuple[bytes, bytes]
"""The rest of a key, one nibble a byte, and the value."""


def ordered_root(values: Sequence[bytes]) -> bytes:
    """Return the root of the trie that maps RLP(0), RLP(1), ... to these values."""
    leaves = [(_nibbles(_string(_integer(index))), value) for index, value in enumerate(values)]
    leaves.sort()
    return keccak(_node(leaves) if leaves else _string(b""))


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
    logs: Sequence[Mapping[str, Any]] = receipt.get("logs") or []
    if receipt.get("status") is None:
        outcome = _bytes(receipt.get("root"), "root")
    else:
        outcome = _integer(hexadecimal.quantity(receipt["status"], "status"))
    used = hexadecimal.quantity(receipt.get("cumulativeGasUsed"), "cumulativeGasUsed")
    given = receipt.get("logsBloom")
    encoded_logs = _list([_log(log) for log in logs])
    bloom = logs_bloom(logs) if given is None else _bytes(given, "logsBloom")
    body = _list([_string(outcome), _string(_integer(used)), _string(bloom), encoded_logs])
    kind = hexadecimal.quantity(receipt.get("type") or "0x0", "type")
    return _integer(kind) + body


def _log(log: Mapping[str, Any]) -> bytes:
    topics = _list([_string(topic) for topic in _topics(log)])
    return _list([_string(_contract(log)), topics, _string(_bytes(log.get("data"), "data"))])


def _contract(log: Mapping[str, Any]) -> bytes:
    return bytes.fromhex(hexadecimal.address(log.get("address"), "address")[2:])


def _topics(log: Mapping[str, Any]) -> list[bytes]:
    topics = log.get("topics")
    if not isinstance(topics, list):
        raise PoisonRecordError(f"topics are not a list: {str(topics)[:90]!r}")
    return [bytes.fromhex(hexadecimal.hash32(topic, "topic")[2:]) for topic in topics]


def _bytes(value: Any, field: str) -> bytes:
    return bytes.fromhex(hexadecimal.data(value, field)[2:])


def _integer(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _string(data: bytes) -> bytes:
    if len(data) == 1 and data[0] < 0x80:
        return data
    return _prefix(len(data), 0x80) + data


def _list(items: Sequence[bytes]) -> bytes:
    """Join items that are encoded already."""
    body = b"".join(items)
    return _prefix(len(body), 0xC0) + body


def _prefix(length: int, offset: int) -> bytes:
    if length <= 55:
        return bytes([offset + length])
    size = _integer(length)
    return bytes([offset + 55 + len(size)]) + size


def _nibbles(data: bytes) -> bytes:
    return bytes(nibble for byte in data for nibble in (byte >> 4, byte & 15))


def _node(leaves: Sequence[_Leaf]) -> bytes:
    """Encode the node above these leaves, which are sorted and at least one."""
    if len(leaves) == 1:
        path, value = leaves[0]
        return _list([_string(_compact(path, leaf=True)), _string(value)])
    shared = _shared(leaves[0][0], leaves[-1][0])
    if shared:
        below = [(path[shared:], value) for path, value in leaves]
        return _list([_string(_compact(leaves[0][0][:shared], leaf=False)), _reference(below)])
    # No key of RLP(index) is the beginning of another, so a branch never holds a value itself.
    slots = [_string(b"")] * 17
    for nibble in {path[0] for path, _ in leaves}:
        slots[nibble] = _reference([(path[1:], v) for path, v in leaves if path[0] == nibble])
    return _list(slots)


def _reference(leaves: Sequence[_Leaf]) -> bytes:
    node = _node(leaves)
    return node if len(node) < 32 else _string(keccak(node))


def _shared(first: bytes, last: bytes) -> int:
    """Count the nibbles that sorted keys between these two have in common."""
    count = 0
    while count < min(len(first), len(last)) and first[count] == last[count]:
        count += 1
    return count


def _compact(path: bytes, *, leaf: bool) -> bytes:
    flag = 2 if leaf else 0
    padded = bytes([flag + 1]) + path if len(path) % 2 else bytes([flag, 0]) + path
    return bytes(high << 4 | low for high, low in zip(padded[::2], padded[1::2], strict=True))
