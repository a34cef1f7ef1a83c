"""Functions by their selectors, and calls of them with arguments that mean little. Pure."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError, ParseError
from eth_utils.crypto import keccak

MAX_ARGUMENTS = 32
MAX_TUPLES = 16
MAX_SIZED = 2
"""Arrays of fixed length in one signature: within each other, their lengths multiply."""

_SIZED = re.compile(r"\[\d")
_FILL = bytes(32 * 12)
"""Arguments where types are not known: zeros, which are also empty lists and bytes."""

_SIGNATURE = re.compile(r"[A-Za-z_$][\w$]{0,127}\((?:[\w\[\],()]{0,1024})\)")


@cache
def selector(signature: str) -> int:
    """Return a function's selector."""
    return int.from_bytes(keccak(text=signature)[:4], "big")


def selectors(text: str) -> Mapping[int, str]:
    """Return the signatures of a text, parted by blanks, by their selectors."""
    return {selector(signature): signature for signature in text.split()}


CUT = "diamondCut((address,uint8,bytes4[])[],address,bytes)"
"""What changes which code a diamond runs (EIP-2535)."""
OLD_CUT = "diamondCut((address,uint8,bytes4[])[])"
"""The same without a call of what sets the new code up, as Venus has it."""


def calldata(signature: str, *arguments: Any) -> bytes:
    """Return a call; its arguments fit its types."""
    types = [kind for kind in signature[signature.index("(") + 1 : -1].split(",") if kind]
    return selector(signature).to_bytes(4, "big") + encode(types, arguments)


def interface(abi: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Return the signatures of a JSON ABI's functions by their selectors; what is none of the
    language's is left out."""
    found = {}
    for entry in abi:
        if entry.get("type") != "function":
            continue
        inputs = ",".join(map(_type, entry.get("inputs", ())))
        signature = f"{entry.get('name')}({inputs})"
        if _SIGNATURE.fullmatch(signature):
            found[selector(signature)] = signature
    return found


def _type(given: Mapping[str, Any], depth: int = 0) -> str:
    kind = str(given.get("type", ""))
    if not kind.startswith("tuple") or depth > 4:
        return kind
    inside = ",".join(_type(one, depth + 1) for one in given.get("components", ()))
    return f"({inside}){kind.removeprefix('tuple')}"


def tries(
    function: int, signature: str | None, caller: str, first: str = "", second: str = ""
) -> list[bytes]:
    """Return calls of a function that may well go through: all zero; or, where its types are
    known, nought and one of everything, and the caller's own address. `first` is named instead
    where the first address is asked for: which asset, say; `second` where the second is, and in
    lists of addresses."""
    head = function.to_bytes(4, "big")
    calls = [head + _FILL]
    if signature is None:
        return calls
    types = _split(signature[signature.index("(") + 1 : -1])
    many = len(types) > MAX_ARGUMENTS or signature.count("(") > MAX_TUPLES
    if many or len(_SIZED.findall(signature)) > MAX_SIZED:
        return calls
    try:
        calls = []
        for amount in (0, 1):
            values = [
                _value(kind, amount, (second or caller) if kind.endswith("]") else caller)
                for kind in types
            ]
            places = [at for at, kind in enumerate(types) if kind == "address"]
            for at, named in zip(places, (first, second), strict=False):
                values[at] = named or caller
            calls.append(head + encode(types, values))
    except (EncodingError, ParseError, ValueError, TypeError, OverflowError):
        return [head + _FILL]
    return list(dict.fromkeys(calls))


def _split(inside: str) -> list[str]:
    """Return the types of a list of arguments; tuples stay whole."""
    found, depth, begin = [], 0, 0
    for at, letter in enumerate(inside):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append(inside[begin:at])
            begin = at + 1
    return [*found, inside[begin:]] if inside else []


def _value(kind: str, amount: int, caller: str) -> Any:
    if kind.endswith("]"):
        inner, _, size = kind[:-1].rpartition("[")
        return [_value(inner, amount, caller)] * min(int(size or 1), MAX_ARGUMENTS)
    if kind.startswith("("):
        return tuple(_value(one, amount, caller) for one in _split(kind[1:-1]))
    if kind.startswith("bytes"):
        return bytes(int(kind[5:] or 0))
    return {"address": caller, "bool": bool(amount), "string": ""}.get(kind, amount)
