"""What a payload would cost to decode, found out before decoding it.

Values of dynamic types are found by offsets that the payload itself names. Nothing keeps a hostile
one from pointing at the same place again and again: 2,144 bytes typed `uint256[][][][][][]` hold
ten to the power of six numbers. Here every part that offsets lead to is counted, as often as they
lead there; more than the payload's own size is a bomb. An honest encoding uses no byte twice.
"""

from collections.abc import Iterable

from ingest.decode.types import Array, Blob, Parameter, Type, Word

MAX_PAYLOAD = 32 * 1024
"""Bytes. What takes longest within the limits, empty texts and tuples of one, takes up to 5 us a
word: 5 ms in all, so that a machine under load still keeps within 100 ms."""

_WORD = 32


class BombError(ValueError):
    """A payload refers to more than it holds."""


def check_cost(parameters: Iterable[Parameter], payload: bytes) -> None:
    """Raise `BombError` unless decoding these visits each byte of the payload at most once."""
    _Walk(payload).head([parameter.type for parameter in parameters], 0)


class _Walk:
    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._left = len(payload)

    def head(self, types: Iterable[Type], base: int) -> None:
        """Visit values that stand side by side; offsets among them count from `base`."""
        at = base
        for kind in types:
            if kind.words is None:
                self._tail(kind, base + self._number(at))
                at += _WORD
            else:
                self._spend(at, kind.words * _WORD)
                at += kind.words * _WORD

    def _tail(self, kind: Type, at: int) -> None:
        if isinstance(kind, Blob):
            length = self._number(at)
            self._spend(at + _WORD, length + -length % _WORD)
        elif isinstance(kind, Array):
            self._items(kind, at)
        elif not isinstance(kind, Word):
            self.head([component.type for component in kind.components], at)

    def _items(self, array: Array, at: int) -> None:
        count = array.length
        if count is None:
            count = self._number(at)
            at += _WORD
        if count * _WORD > self._left:
            raise BombError(f"{count} items announced where {self._left} bytes are left")
        if array.item.words is None:
            self.head([array.item] * count, at)
        else:
            self._spend(at, count * array.item.words * _WORD)

    def _number(self, at: int) -> int:
        self._spend(at, _WORD)
        return int.from_bytes(self._payload[at : at + _WORD])

    def _spend(self, at: int, size: int) -> None:
        self._left -= size
        if self._left < 0 or at + size > len(self._payload):
            raise BombError(f"{size} bytes at {at} are more than the payload holds")
