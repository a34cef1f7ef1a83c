"""Calls in bytes: written from a function's signature, and read back for those who sign.

What people see is decoded from the very bytes that they sign, and it is only shown if encoding it
again gives these bytes: nothing can be hidden behind the arguments, or between them.
"""

import re
from collections.abc import Sequence
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.crypto import keccak

from schemas.errors import ConfigurationError

SIGNATURE = r"^[A-Za-z_$][\w$]{0,63}\([a-z0-9,\[\]]{0,512}\)$"
"""A function that takes no tuples."""

MAX_BYTES = 64 * 1024
"""Of calldata that is decoded: an upgrade's call is a few hundred."""

_TYPE = re.compile(r"(address|bool|string|bytes([1-9]\d?)?|u?int(\d{1,3})?)((?:\[\d{0,3}\]){0,2})")
"""What may be decoded: no tuples, and arrays at most two deep, since each further level costs ten
times as long."""

_LONGEST_SHOWN = 256


def selector(signature: str) -> str:
    """Return the first four bytes of a signature's hash, in hexadecimal."""
    return "0x" + keccak(text=signature)[:4].hex()


def called(signature: str, *arguments: Any) -> str:
    """Return the calldata of a function, such as `setPoolPause(bool)`, in hexadecimal.

    Raises `ValueError` when the arguments are not of its types.
    """
    if not re.match(SIGNATURE, signature):
        raise ValueError("write a function as in setPaused(address,bool), without tuples or spaces")
    inside = signature[signature.index("(") + 1 : -1]
    types = inside.split(",") if inside else []
    try:
        return selector(signature) + encode(types, arguments).hex()
    except (EncodingError, TypeError, ValueError) as error:
        raise ValueError(f"{signature}: {error}") from error


def written(function: str, given: Sequence[Any]) -> str:
    """Return the calldata of a function with arguments as JSON or TOML can hold them: numbers also
    as decimal text, bytes in hexadecimal.

    Raises `ConfigurationError` naming the function when they do not fit.
    """
    types = types_of(function)
    try:
        if len(types) != len(given):
            raise ValueError(f"{len(types)} arguments, not {len(given)}")  # noqa: TRY301 - joins the others
        values = [_value(kind, value) for kind, value in zip(types, given, strict=True)]
        return called(function, *values)
    except (ValueError, TypeError, OverflowError) as error:
        raise ConfigurationError(f"{function}: {error}") from error


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


def shown(function: str, calldata: str) -> str:
    """Return a call as people read it, decoded from its bytes: `setCap(5)`.

    Raises `ConfigurationError` for bytes that are not this function's, in full.
    """
    told = ", ".join(_told(value) for value in arguments_of(function, calldata))
    return f"{function.partition('(')[0]}({told})"


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


def _told(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_told(item) for item in value) + "]"
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    if len(clean) <= _LONGEST_SHOWN:
        return clean
    return f"{clean[:_LONGEST_SHOWN]}... ({len(clean)} characters)"
