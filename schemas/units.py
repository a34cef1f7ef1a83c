"""The units in which values travel, and their conversions.

Money and every other integer of the chain is decimal text: JSON numbers lose precision beyond 2**53
and a uint256 silently becomes a float. Heights, times and counts stay below that and are numbers.
Addresses are lower-case hexadecimal inside a record that names its chain (CAIP-2), and CAIP-10
wherever a reference leaves that record.
"""

import re
from typing import Annotated, Any

from msgspec import Meta

from schemas.errors import PoisonRecordError

UINT256_MAX = 2**256 - 1
_UINT256_DIGITS = len(str(UINT256_MAX))
INT256_MAX = 2**255 - 1
SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""

MAX_CALLDATA = 4096
"""Bytes of a call that people are shown in full."""

NATIVE = "native"
"""The token name of a chain's own coin."""


def _text(pattern: str, longest: int, shortest: int = 0) -> Any:
    """Bound a field's length at decode time; the full pattern goes into the JSON Schema only.

    A pattern checked on decode costs 0.5 us a field against nothing for a length; whoever computes
    with a value parses it strictly (`uint`, `int256`), which is where a wrong one is refused.
    """
    return Meta(
        min_length=shortest or None, max_length=longest, extra_json_schema={"pattern": pattern}
    )


_ACCOUNT = re.compile("[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}:0x[0-9a-f]{40}")

Id = Annotated[str, _text("^[0-9a-f]{64}$", 64, 64)]
Chain = Annotated[str, _text("^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$", 41, 5)]
Address = Annotated[str, _text("^0x[0-9a-f]{40}$", 42, 42)]
Account = Annotated[str, _text(f"^{_ACCOUNT.pattern}$", 84, 48)]
Hash = Annotated[str, _text("^0x[0-9a-f]{64}$", 66, 66)]
Hex = Annotated[str, _text("^0x([0-9a-f]{2})*$", 8_388_608, 2)]
Calldata = Annotated[str, _text("^0x([0-9a-f]{2})*$", 2 + 2 * MAX_CALLDATA, 2)]
Signature = Annotated[str, _text("^0x([0-9a-f]{2})*$", 132, 2)]
Selector = Annotated[str, _text("^(0x[0-9a-f]{0,8})?$", 10)]
Uint = Annotated[str, _text("^(0|[1-9][0-9]{0,77})$", 78, 1)]
Int = Annotated[str, _text("^(0|-?[1-9][0-9]{0,76})$", 78, 1)]
Decimal = Annotated[str, _text("^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$", 160, 1)]
Token = Annotated[str, _text("^(native|0x[0-9a-f]{40})$", 42, 6)]
Name = Annotated[str, _text("^[^\\x00-\\x1f]*$", 128)]
Key = Annotated[str, _text("^[A-Za-z0-9_.*-]{1,128}$", 128, 1)]
Count = Annotated[int, Meta(ge=0, le=SAFE_INTEGER)]
Height = Count
Seconds = Count
Microseconds = Count


def uint(text: str) -> int:
    """Read decimal text as a uint256; refuse signs, blanks, leading zeros and overflow."""
    plain = text.isascii() and text.isdigit() and len(text) <= _UINT256_DIGITS
    if plain and (text[0] != "0" or text == "0"):
        number = int(text)
        if number <= UINT256_MAX:
            return number
    raise PoisonRecordError(f"not a uint256 in decimal text: {text[:90]!r}")


def int256(text: str) -> int:
    """Read decimal text as an int256, as strictly as `uint`."""
    negative = text.startswith("-")
    number = uint(text.removeprefix("-"))
    if number > INT256_MAX + negative or (negative and number == 0):
        raise PoisonRecordError(f"not an int256 in decimal text: {text[:90]!r}")
    return -number if negative else number


def account(chain: str, address: str) -> str:
    """Return the CAIP-10 name of an address on a chain."""
    return f"{chain}:{address}"


def split_account(name: str) -> tuple[str, str]:
    """Return (chain, address) of a CAIP-10 name."""
    if not _ACCOUNT.fullmatch(name):
        raise PoisonRecordError(f"not a CAIP-10 account: {name[:90]!r}")
    chain, _, address = name.rpartition(":")
    return chain, address
