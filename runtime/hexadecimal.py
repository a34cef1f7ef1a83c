"""Hexadecimal text as nodes and recorded files write it, checked before anything computes with it.

Each function names the field it could not read; what it returns is lower case and safe to put into
a record.
"""

import re
from typing import Any

from schemas.errors import PoisonRecordError

_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_HASH = re.compile("0x[0-9a-fA-F]{64}")
_QUANTITY = re.compile("0x[0-9a-fA-F]{1,64}")
_SHOWN = 90


def address(value: Any, field: str) -> str:
    """Return an address of 20 bytes in lower case, or raise `PoisonRecordError`."""
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return value.lower()
    raise _unreadable(value, field, "an address")


def hash32(value: Any, field: str) -> str:
    """Return a hash or topic of 32 bytes in lower case, or raise `PoisonRecordError`."""
    if isinstance(value, str) and _HASH.fullmatch(value):
        return value.lower()
    raise _unreadable(value, field, "32 bytes")


def quantity(value: Any, field: str) -> int:
    """Return an unsigned integer of at most 256 bits, or raise `PoisonRecordError`."""
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise _unreadable(value, field, "a hexadecimal number")


def data(value: Any, field: str) -> str:
    """Return bytes of any length as lower-case text with `0x`, or raise `PoisonRecordError`."""
    if isinstance(value, str) and value[:2] == "0x":
        try:
            # fromhex passes over blanks, so the length has to tell as well
            if 2 * len(bytes.fromhex(value[2:])) == len(value) - 2:
                return value.lower()
        except ValueError:
            pass
    raise _unreadable(value, field, "bytes in hexadecimal")


def _unreadable(value: Any, field: str, wanted: str) -> PoisonRecordError:
    return PoisonRecordError(f"{field} is not {wanted}: {str(value)[:_SHOWN]!r}")
