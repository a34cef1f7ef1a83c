"""The root of the Merkle Patricia trie over a list, as headers have it of receipts, transactions
and withdrawals (Ethereum Yellow Paper, appendix D)."""

from collections.abc import Sequence

from eth_hash.auto import keccak

from runtime.consensus.rlp import integer, listed, string

_Leaf = tuple[bytes, bytes]
"""The rest of a key, one nibble a byte, and the value."""


def ordered_root(values: Sequence[bytes]) -> bytes:
    """Return the root of the trie that maps RLP(0), RLP(1), ... to these values."""
    leaves = [(_nibbles(string(integer(index))), value) for index, value in enumerate(values)]
    leaves.sort()
    return keccak(_node(leaves) if leaves else string(b""))


def _nibbles(data: bytes) -> bytes:
    return bytes(nibble for byte in data for nibble in (byte >> 4, byte & 15))


def _node(leaves: Sequence[_Leaf]) -> bytes:
    """Encode the node above these leaves, which are sorted and at least one."""
    if len(leaves) == 1:
        path, value = leaves[0]
        return listed([string(_compact(path, leaf=True)), string(value)])
    shared = _shared(leaves[0][0], leaves[-1][0])
    if shared:
        below = [(path[shared:], value) for path, value in leaves]
        return listed([string(_compact(leaves[0][0][:shared], leaf=False)), _reference(below)])
    # No key of RLP(index) is the beginning of another, so a branch never holds a value itself.
    slots = [string(b"")] * 17
    for nibble in {path[0] for path, _ in leaves}:
        slots[nibble] = _reference([(path[1:], v) for path, v in leaves if path[0] == nibble])
    return listed(slots)


def _reference(leaves: Sequence[_Leaf]) -> bytes:
    node = _node(leaves)
    return node if len(node) < 32 else string(keccak(node))


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
