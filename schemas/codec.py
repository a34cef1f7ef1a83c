"""The one codec: records to JSON bytes and back.

Encoding writes with orjson and then reads its own bytes back through the record's type, so nothing
leaves that could not be read again: NaN and infinity (which orjson writes as null), floats where
the type wants decimal text, values out of range. Decoding checks size before anything else and
ignores fields it does not know, so that a version may grow by optional fields.
"""

from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec
import orjson

from schemas.base import Record
from schemas.errors import PoisonRecordError
from schemas.topics import MAX_RECORD_BYTES, TopicSpec

R = TypeVar("R", bound=Record)


class UnencodableRecordError(ValueError):
    """A record was built with a value its type forbids: a mistake in our own code."""


@lru_cache(maxsize=64)
def _decoder(record_type: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(record_type)


def encode(record: Record, *, max_bytes: int = MAX_RECORD_BYTES) -> bytes:
    """Return the record's bytes; equal records give equal bytes.

    Raises `UnencodableRecordError` when the record breaks its own type or is over `max_bytes`.
    """
    try:
        data = orjson.dumps(msgspec.to_builtins(record))
        _decoder(type(record)).decode(data)
    except (TypeError, msgspec.MsgspecError) as error:
        raise UnencodableRecordError(f"{type(record).__name__}: {error}") from error
    if len(data) > max_bytes:
        raise UnencodableRecordError(
            f"{type(record).__name__}: {len(data):,} bytes, the limit is {max_bytes:,}"
        )
    return data


def decode(data: bytes, record_type: type[R], *, max_bytes: int = MAX_RECORD_BYTES) -> R:
    """Read one record of the given type.

    Raises `PoisonRecordError` with the field that is wrong.
    """
    if len(data) > max_bytes:
        raise PoisonRecordError(f"{len(data):,} bytes, the limit is {max_bytes:,}")
    try:
        return cast("R", _decoder(record_type).decode(data))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PoisonRecordError(str(error)) from error


def decode_from(topic: TopicSpec, data: bytes) -> Record:
    """Read one record of any kind that the topic carries."""
    return cast("Record", decode(data, topic.record_type, max_bytes=topic.max_bytes))
