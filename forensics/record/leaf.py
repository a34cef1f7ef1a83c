"""What a record on a topic becomes in the log: one leaf, with every byte it had. Pure.

A leaf is RFC 8785 canonical JSON: topic, partition, offset, key, headers and value, exactly as they
lay there; a signature in the headers can so be checked against the value that it was made over.
Text stays text. Bytes that are no text, and what is too long for a tile's entry, become
`{"bytes": N, "sha256": HEX}`: the bytes are kept apart under their hash. So are the values of
records that cannot be read.
"""

import base64
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
import rfc8785

from forensics.record.merkle import leaf_hash
from runtime.broker import Message
from schemas.base import Record
from schemas.codec import reader
from schemas.errors import PoisonRecordError
from schemas.topics import TOPICS

LONGEST_ENTRY = 65_535
"""Bytes: entries of a tile are framed by 16 bits (C2SP tlog-tiles)."""

UNREAD = "unread"
"""The kind of a leaf whose record could not be read."""

GONE = "gone"
"""The kind of a leaf that was rebuilt after its topic had let the record go."""

_NAME = re.compile("[0-9a-f]{64}")
_LONG_PARTS = ("value", "headers", "key")
_SHORT = 1024
"""Bytes in a header that are still worth showing in the leaf, in base64."""


Apart = list[tuple[bytes, bytes]]


class Leaf(NamedTuple):
    """A leaf to be appended, and what has to be found again through it."""

    topic: str
    partition: int
    offset: int
    kind: str
    """The record's kind; `UNREAD` or `GONE` where there is none."""
    hash: bytes
    entry: bytes | None
    """None for what is `GONE`: only its hash is known."""
    names: tuple[bytes, ...] = ()
    """Every id that the record holds at its top level: its own, its action's, its incident's."""
    apart: tuple[tuple[bytes, bytes], ...] = ()
    """What is kept apart: SHA-256 and bytes."""
    record: Record | None = None


def leaf_of(message: Message) -> Leaf:
    """Return the leaf of a record; any bytes at all have one."""
    apart: Apart = []
    record = _read(message)
    fields: dict[str, Any] = {
        "topic": message.topic,
        "partition": message.partition,
        "offset": message.offset,
        "key": _shown(message.key, apart),
        "headers": [[name, _shown(value, apart)] for name, value in message.headers],
        "value": _apart(message.value or b"", apart)
        if record is None
        else (message.value or b"").decode(),
    }
    entry = rfc8785.dumps(fields)
    for part in _LONG_PARTS:
        if len(entry) > LONGEST_ENTRY:
            whole = fields[part]
            data = whole.encode() if isinstance(whole, str) else rfc8785.dumps(whole)
            fields[part] = _apart(data, apart)
            entry = rfc8785.dumps(fields)
    kind = UNREAD if record is None else str(record.__struct_config__.tag)
    names = () if record is None else tuple(dict.fromkeys(_names(record)))
    place = message.topic, message.partition, message.offset
    return Leaf(*place, kind, leaf_hash(entry), entry, names, tuple(apart), record)


def fields_of(entry: bytes) -> dict[str, Any]:
    """Read a leaf. Raises `PoisonRecordError` for bytes that are none."""
    try:
        return msgspec.json.decode(entry, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PoisonRecordError(f"no leaf: {error}") from error


def message_in(entry: bytes, apart: Callable[[str], bytes | None] = lambda _: None) -> Message:
    """Return the record as it lay on its topic, byte for byte.

    `apart` gives what is kept under a hash, in hexadecimal. Raises `PoisonRecordError` for a leaf
    of which that does not give a part.
    """
    fields = fields_of(entry)
    headers = tuple((name, _bytes(value, apart)) for name, value in fields["headers"])
    place = (fields["topic"], fields["partition"], fields["offset"])
    return Message(*place, _bytes(fields["key"], apart), _bytes(fields["value"], apart), headers)


def _bytes(shown: Any, apart: Callable[[str], bytes | None]) -> bytes | None:
    if shown is None:
        return None
    if isinstance(shown, str):
        return shown.encode()
    if "base64" in shown:
        return base64.b64decode(shown["base64"])
    found = apart(shown["sha256"])
    if found is None:
        raise PoisonRecordError(f"{shown['bytes']} bytes of this record are kept apart")
    return found


def references(entry: bytes) -> list[str]:
    """Return the SHA-256, in hexadecimal, of everything that a leaf keeps apart."""
    fields = fields_of(entry)
    parts = [fields["value"], fields["key"], fields["headers"]]
    if isinstance(fields["headers"], list):
        parts += [value for _, value in fields["headers"]]
    return [part["sha256"] for part in parts if isinstance(part, dict) and "sha256" in part]


class _Text(msgspec.Struct, frozen=True, gc=False):
    value: str


class _Reference(msgspec.Struct, frozen=True, gc=False):
    sha256: str


class _Kept(msgspec.Struct, frozen=True, gc=False):
    value: _Reference


_KEPT = msgspec.json.Decoder(_Kept)
_TEXT = msgspec.json.Decoder(_Text)
"""Of nearly every leaf; one type alone is read twice as fast as either of two."""


def value_in(entry: bytes, apart: Callable[[str], bytes | None]) -> str | bytes | None:
    """Return the value of a leaf's record; None when it is kept apart and gone, or this is no leaf.

    `apart` gives what is kept under a hash, in hexadecimal.
    """
    try:
        return _TEXT.decode(entry).value
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        return apart(_KEPT.decode(entry).value.sha256)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def record_in(entry: bytes, apart: Callable[[str], bytes | None]) -> Record | None:
    """Return the record of a leaf, None when it could not be read or its bytes are gone.

    `apart` gives what is kept under a hash, in hexadecimal.
    """
    fields = fields_of(entry)
    value = fields["value"]
    data = value.encode() if isinstance(value, str) else apart(value["sha256"])
    try:
        return None if data is None else _reader(fields["topic"])(data)
    except PoisonRecordError:
        return None


def _read(message: Message) -> Record | None:
    try:
        return _reader(message.topic)(message.value or b"")
    except PoisonRecordError:
        return None


@lru_cache(maxsize=64)
def _reader(topic: str) -> Callable[[bytes], Record]:
    return reader(TOPICS[topic])


def _names(record: Record) -> Iterator[bytes]:
    for field in record.__struct_fields__:
        value = getattr(record, field)
        if isinstance(value, str) and _NAME.fullmatch(value):
            yield bytes.fromhex(value)


def _shown(data: bytes | None, apart: Apart) -> Any:
    """Return text as it is, short bytes in base64, and a reference to long ones."""
    if data is None:
        return None
    if len(data) > _SHORT:
        return _apart(data, apart)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _apart(data: bytes, apart: Apart) -> dict[str, Any]:
    digest = sha256(data)
    apart.append((digest.digest(), data))
    return {"bytes": len(data), "sha256": digest.hexdigest()}
