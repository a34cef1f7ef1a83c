"""The one codec: records to JSON bytes and back.

Encoding writes with orjson and then reads its own bytes back through the record's type. Nothing
leaves that would come back as something else: NaN and infinity (which orjson writes as null),
floats where the type wants decimal text, integers that other readers round, values out of range.
Decoding checks size before anything else and ignores fields it does not know, so that a version may
grow by optional fields.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from sys import getrecursionlimit
from typing import Any, TypeVar, Union, cast

import msgspec
import orjson

from schemas.base import Record
from schemas.errors import PoisonRecordError
from schemas.recursion import DEEPEST, bound_recursion
from schemas.topics import MAX_RECORD_BYTES, TopicSpec

R = TypeVar("R", bound=Record)

_LONGEST_REASON = 300
"""msgspec quotes the value it refuses, whatever its length."""


_NO_JSON = "JSON has no NaN, no infinity and no tuples"


class UnencodableRecordError(ValueError):
    """A record was built with a value its type forbids: a mistake in our own code."""


@lru_cache(maxsize=64)
def _decoder(*records: type[Record]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Union[records])  # noqa: UP007 - of as many as there are


def encode(record: Record, *, max_bytes: int = MAX_RECORD_BYTES) -> bytes:
    """Return the record's bytes, the same on every machine and in every run.

    Raises `UnencodableRecordError` when the record breaks its own type, holds what JSON does not
    give back as it was, or is over `max_bytes`.
    """
    kind = type(record)
    bound_recursion()
    try:
        record.check()
        data = orjson.dumps(msgspec.to_builtins(record), option=orjson.OPT_STRICT_INTEGER)
        back = _decoder(kind).decode(data)
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise UnencodableRecordError(f"{kind.__name__}: {_short(error)}") from error
    if back != record:
        names = [n for n in kind.__struct_fields__ if getattr(back, n) != getattr(record, n)]
        raise UnencodableRecordError(
            f"{kind.__name__}: {', '.join(names)} would be read back as something else; {_NO_JSON}"
        )
    return _bounded(kind, data, max_bytes)


def encode_around(
    record: Record, name: str, text: bytes, *, max_bytes: int = MAX_RECORD_BYTES
) -> bytes:
    """Return the bytes of a record whose field `name` is empty, with `text` in its place.

    For JSON that is too large to be written and read back as often as it is kept. That it will be
    read as what it was is up to who wrote it (`faithful`). Raises `UnencodableRecordError` as
    `encode` does of the rest.
    """
    encode(record)
    whole = msgspec.to_builtins(record)
    whole[name] = orjson.Fragment(text)
    return _bounded(type(record), orjson.dumps(whole), max_bytes)


def faithful(value: Any) -> bytes:
    """Return plain values as JSON. Raises `UnencodableRecordError` for what would be read back as
    something else."""
    try:
        data = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except TypeError as error:
        raise UnencodableRecordError(_short(error)) from error
    if orjson.loads(data) != value:
        raise UnencodableRecordError(f"it would be read back as something else; {_NO_JSON}")
    return data


def _bounded(kind: type[Record], data: bytes, max_bytes: int) -> bytes:
    if len(data) > max_bytes:
        raise UnencodableRecordError(
            f"{kind.__name__}: {len(data):,} bytes, the limit is {max_bytes:,}"
        )
    return data


def decode(data: bytes, record_type: type[R], *, max_bytes: int = MAX_RECORD_BYTES) -> R:
    """Read one record of the given type.

    Raises `PoisonRecordError` with the field that is wrong, and nothing else.
    """
    return cast("R", _reader(_decoder(record_type), max_bytes)(data))


def decode_from(topic: TopicSpec, data: bytes) -> Record:
    """Read one record of any kind that the topic carries.

    Raises `PoisonRecordError` with the field that is wrong, and nothing else.
    """
    return reader(topic)(data)


def reader(topic: TopicSpec) -> Callable[[bytes], Record]:
    """Return `decode_from` of one topic, for those who read many of its records."""
    return _reader(_decoder(*topic.records), topic.max_bytes)


def batch_reader(topic: TopicSpec) -> Callable[[Sequence[bytes]], list[Record]]:
    """Return what reads many records of one topic at once, in half the calls.

    It raises `PoisonRecordError` if any of them cannot be read; `reader` tells which.
    """
    decoded, longest = _decoder(*topic.records).decode, topic.max_bytes

    def read(values: Sequence[bytes]) -> list[Record]:
        if max(map(len, values), default=0) > longest:
            raise PoisonRecordError(f"one is over the limit of {longest:,} bytes")
        bound_recursion()
        try:
            return list(map(decoded, values))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise PoisonRecordError(_short(error)) from error

    return read


def _reader(decoder: msgspec.json.Decoder[Any], max_bytes: int) -> Callable[[bytes], Any]:
    decoded = decoder.decode

    def read(data: bytes) -> Any:
        if len(data) > max_bytes:
            raise PoisonRecordError(f"{len(data):,} bytes, the limit is {max_bytes:,}")
        if getrecursionlimit() > DEEPEST:  # asked here: a call for each record costs more than this
            bound_recursion()
        try:
            return decoded(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise PoisonRecordError(_short(error)) from error

    return read


def _short(error: Exception) -> str:
    text = str(error)
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
