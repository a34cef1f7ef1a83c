"""Whole numbers as exporters write them: plain, decimal or hexadecimal, read strictly."""

from typing import Any

from runtime import hexadecimal
from schemas.errors import PoisonRecordError
from schemas.units import UINT256_MAX, uint

_SHOWN = 90


def refused(value: Any, field: str, wanted: str) -> PoisonRecordError:
    """Return the error that says what a field holds and what it should."""
    return PoisonRecordError(f"{field} is not {wanted}: {_shown(value)}")


def _shown(value: Any) -> str:
    if type(value) is int and value.bit_length() > 512:
        return f"a number of {value.bit_length():,} bits"
    return repr(str(value)[:_SHOWN])


def whole(value: Any, field: str) -> int:
    """Read an unsigned integer of at most 256 bits: a number, `0x` text, or decimal text."""
    if type(value) is int and 0 <= value <= UINT256_MAX:
        return value
    if isinstance(value, str):
        if value[:2] == "0x":
            return hexadecimal.quantity(value, field)
        try:
            return uint(value)
        except PoisonRecordError:
            pass
    raise refused(value, field, "an unsigned integer of 256 bits")
