"""RLP, as far as it is written: byte strings and lists (Ethereum Yellow Paper, appendix B)."""

from collections.abc import Sequence


def integer(number: int) -> bytes:
    """Return the shortest big-endian bytes of a number; of 0 there are none."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def string(data: bytes) -> bytes:
    """Encode bytes."""
    if len(data) == 1 and data[0] < 0x80:
        return data
    return _prefix(len(data), 0x80) + data


def listed(items: Sequence[bytes]) -> bytes:
    """Join items that are encoded already."""
    body = b"".join(items)
    return _prefix(len(body), 0xC0) + body


def _prefix(length: int, offset: int) -> bytes:
    if length <= 55:
        return bytes([offset + length])
    size = integer(length)
    return bytes([offset + 55 + len(size)]) + size
