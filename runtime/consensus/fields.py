"""Fields of JSON-RPC answers as the bytes that are encoded; what cannot be read is named."""

from collections.abc import Mapping
from typing import Any

from runtime import hexadecimal
from runtime.consensus.rlp import integer, listed, string
from schemas.errors import PoisonRecordError


def number(table: Mapping[str, Any], field: str) -> bytes:
    """Encode a quantity. Raises `PoisonRecordError`, as all here."""
    return string(integer(hexadecimal.quantity(table.get(field), field)))


def octets(table: Mapping[str, Any], field: str) -> bytes:
    """Encode bytes of any length."""
    return string(bytes.fromhex(hexadecimal.data(table.get(field), field)[2:]))


def word(table: Mapping[str, Any], field: str) -> bytes:
    """Encode 32 bytes."""
    return string(bytes.fromhex(hexadecimal.hash32(table.get(field), field)[2:]))


def account(table: Mapping[str, Any], field: str) -> bytes:
    """Encode an address."""
    return string(bytes.fromhex(hexadecimal.address(table.get(field), field)[2:]))


def recipient(table: Mapping[str, Any], field: str) -> bytes:
    """Encode an address, or nothing for a creation."""
    return account(table, field) if table.get(field) is not None else string(b"")


def tables(table: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    """Return a list of tables; absent is empty."""
    return [_table(item, field) for item in _list(table, field)]


def words(table: Mapping[str, Any], field: str) -> bytes:
    """Encode a list of 32 bytes each."""
    return listed([word({field: item}, field) for item in _list(table, field)])


def _list(table: Mapping[str, Any], field: str) -> list[Any]:
    found = table.get(field) or []
    if not isinstance(found, list):
        raise PoisonRecordError(f"{field} is not a list: {str(found)[:90]!r}")
    return found


def _table(item: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise PoisonRecordError(f"{field} holds what is no table: {str(item)[:90]!r}")
    return item
