"""One call that people are asked to make: written from a file, read back for those who sign.

What signers see is decoded from the very bytes that they sign, and it is only shown if encoding it
again gives these bytes: nothing can be hidden behind the arguments, or between them.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from responders.adapters.calls import SIGNATURE, called
from responders.reverts import selector
from schemas.errors import ConfigurationError

MAX_BYTES = 64 * 1024
"""Of calldata that is decoded: an upgrade's call is a few hundred."""

_TYPE = re.compile(r"(address|bool|string|bytes([1-9]\d?)?|u?int(\d{1,3})?)((?:\[\d{0,3}\]){0,2})")
"""What may be decoded: no tuples, and arrays at most two deep, since each further level costs ten
times as long."""

_LONGEST_SHOWN = 256


@dataclass(frozen=True, slots=True)
class Move:
    """A call without value: to whom, by which function, in which bytes."""

    to: str
    function: str
    """Its signature, such as `grantRole(bytes32,address)`."""
    calldata: str

    @property
    def words(self) -> str:
        """Return the call as signers read it, decoded from its bytes.

        Raises `ConfigurationError` for bytes that are not this function's, in full.
        """
        told = ", ".join(_shown(value) for value in arguments_of(self.function, self.calldata))
        return f"{self.to}: {self.function.partition('(')[0]}({told})"

    @property
    def toml(self) -> str:
        """Return the call as a plan has it."""
        given = json.dumps([_plain(v) for v in arguments_of(self.function, self.calldata)])
        return f'{{ to = "{self.to}", function = "{self.function}", arguments = {given} }}'


def types_of(function: str) -> list[str]:
    """Return the types of a function's arguments. Raises `ConfigurationError` for any that are not
    decoded here."""
    if not re.match(SIGNATURE, function):
        raise ConfigurationError(f"{function[:80]}: write a function as in setCap(address,uint256)")
    inside = function[function.index("(") + 1 : -1]
    types = inside.split(",") if inside else []
    for kind in types:
        if not _TYPE.fullmatch(kind):
            raise ConfigurationError(f"{function}: {kind} is no type that can be shown to signers")
    return types


def move(to: str, function: str, *given: Any) -> Move:
    """Return the call of a function with arguments as JSON or TOML can hold them: numbers also as
    decimal text, bytes in hexadecimal.

    Raises `ConfigurationError` naming the function when they do not fit.
    """
    types = types_of(function)
    try:
        if len(types) != len(given):
            raise ValueError(f"{len(types)} arguments, not {len(given)}")  # noqa: TRY301 - joins the others
        values = [_value(kind, value) for kind, value in zip(types, given, strict=True)]
        return Move(to, function, called(function, *values))
    except (ValueError, TypeError, OverflowError) as error:
        raise ConfigurationError(f"{function}: {error}") from error


def arguments_of(function: str, calldata: str) -> tuple[Any, ...]:
    """Return the arguments within a call. Raises `ConfigurationError` unless they are the whole
    of it, encoded as everybody encodes them."""
    types = types_of(function)
    if len(calldata) > 2 * MAX_BYTES + 2:
        raise ConfigurationError(f"{function}: more than {MAX_BYTES} bytes: nobody can read that")
    try:
        if calldata[:10] != selector(function):
            raise ValueError("the call is of another function")  # noqa: TRY301 - joins the others
        values = decode(types, bytes.fromhex(calldata[10:]))
        if called(function, *values) != calldata:
            raise ValueError("the call says more than its arguments")  # noqa: TRY301 - joins the others
    except (DecodingError, ValueError, TypeError, OverflowError) as error:
        raise ConfigurationError(f"{function}: do not sign: {error}") from error
    return values


def _value(kind: str, given: Any) -> Any:
    if kind.endswith("]"):
        if not isinstance(given, list | tuple):
            raise TypeError(f"{kind} takes a list")
        return [_value(kind[: kind.rindex("[")], item) for item in given]
    if "int" in kind and isinstance(given, str):
        return int(given)
    if kind.startswith("bytes") and isinstance(given, str):
        return bytes.fromhex(given.removeprefix("0x"))
    return given


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _shown(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    if len(shown) <= _LONGEST_SHOWN:
        return shown
    return f"{shown[:_LONGEST_SHOWN]}... ({len(shown)} characters)"
