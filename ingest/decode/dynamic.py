"""Decoding of what has no fixed place: bytes and text of any length, arrays of any length.

faster-eth-abi does it, after `bounds` has shown that it cannot take long.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from faster_eth_abi.io import ContextFramesBytesIO
from faster_eth_abi.registry import registry

from ingest.decode.bounds import MAX_PAYLOAD, check_cost
from ingest.decode.generated import Values
from ingest.decode.types import Array, Blob, Parameter, Tuple, Type, total_words
from schemas.chain import Argument

Convert = Callable[[Any], Argument]
Take = Callable[[Iterator[Any]], Argument]


def _hexadecimal(value: bytes) -> str:
    return "0x" + value.hex()


_WORDS: dict[str, Convert] = {
    "uint": str,
    "int": str,
    "address": str.lower,
    "bool": bool,
    "bytes": _hexadecimal,
}


def others(
    parameters: Sequence[Parameter], *, start: int, exact: bool
) -> Callable[[str], Values | None]:
    """Return what reads these parameters from the data, beginning with character `start`.

    It returns None for more than `MAX_PAYLOAD` bytes and, where their number is fixed and has to be
    `exact`, for any other; it may raise whatever a hostile payload provokes.
    """
    whole = Tuple(tuple(parameters))
    decode = registry.get_decoder(_encoded(whole))
    takes = [_take(parameter.type) for parameter in parameters]
    words = total_words(parameters) if exact else None
    length = None if words is None else start + 64 * words

    def read(data: str) -> Values | None:
        if len(data) > start + 2 * MAX_PAYLOAD or (length is not None and len(data) != length):
            return None
        payload = bytes.fromhex(data[start:])
        check_cost(parameters, payload)
        values = iter(decode(ContextFramesBytesIO(payload)))
        return tuple(take(values) for take in takes)

    return read


def _encoded(kind: Type) -> str:
    """Return a type that is encoded alike and decoded faster.

    A tuple within a tuple, if it has a fixed size, is encoded as if its parts stood there by
    themselves; but the decoder reads everything in it twice, for each level of nesting again.
    """
    if isinstance(kind, Array):
        return f"{_encoded(kind.item)}[{'' if kind.length is None else kind.length}]"
    return f"({','.join(_parts(kind))})" if isinstance(kind, Tuple) else kind.name


def _parts(whole: Tuple) -> Iterator[str]:
    for part in whole.components:
        if isinstance(part.type, Tuple) and part.type.words is not None:
            yield from _parts(part.type)
        else:
            yield _encoded(part.type)


def _take(kind: Type) -> Take:
    """Return what takes one value's decoded parts, in the order of `_parts`, and puts it together
    in the form that records carry."""
    if isinstance(kind, Tuple) and kind.words is not None:
        return _struct(kind)
    convert = _convert(kind)
    return lambda values: convert(next(values))


def _struct(whole: Tuple) -> Take:
    parts = [(part.name, _take(part.type)) for part in whole.components]
    return lambda values: {name: take(values) for name, take in parts}


def _convert(kind: Type) -> Convert:
    """Return what brings one decoded value into the form that records carry."""
    if isinstance(kind, Array):
        item = _convert(kind.item)
        return lambda values: [item(value) for value in values]
    if isinstance(kind, Tuple):
        struct = _struct(kind)
        return lambda values: struct(iter(values))
    if isinstance(kind, Blob):
        return str if kind.name == "string" else _hexadecimal
    return _WORDS[kind.kind]
