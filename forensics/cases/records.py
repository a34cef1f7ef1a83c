"""Records of our own topics as evidence: each one's bytes, key and headers, where it stood."""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from forensics.cases.trust import Exhibit
from runtime.broker import Message
from schemas.errors import PoisonRecordError

FILE = "records/catalogue.jsonl"

MAX_ENTRIES = 300_000


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record."""

    topic: Annotated[str, Meta(pattern="^[a-z0-9.-]{1,128}$")]
    partition: int
    offset: int
    file: Annotated[str, Meta(pattern="^records/[a-z0-9-]+/[0-9]+-[0-9]+\\.json$")]
    """Where its value's bytes are, below the payload."""
    sha256: str
    key: bytes | None
    headers: list[tuple[str, bytes | None]]
    """Times of hops, key id and signature among them."""
    doubt: Annotated[str, Meta(max_length=300)] = ""
    """Why nobody who was believed, when it was collected, said this; '' when somebody did."""
    more: Annotated[int, Meta(ge=0)] = 0
    """As `Exhibit.more`."""
    signer: Annotated[str, Meta(max_length=64)] = ""
    """As `Exhibit.signer`."""


def keep(exhibits: Iterable[Exhibit], put: Callable[[str, bytes], None]) -> None:
    """Put the records and their catalogue into a payload."""
    entries = []
    for message, doubt, more, signer in exhibits:
        value = message.value or b""
        file = f"records/{message.topic}/{message.partition}-{message.offset:012d}.json"
        put(file, value)
        entry = Entry(
            message.topic,
            message.partition,
            message.offset,
            file,
            sha256(value).hexdigest(),
            message.key,
            list(message.headers),
            doubt,
            more,
            signer,
        )
        entries.append(msgspec.json.encode(entry) + b"\n")
    put(FILE, b"".join(entries))


def kept(load: Callable[[str], bytes]) -> Iterator[Exhibit]:
    """Yield the records of a payload. Raises `PoisonRecordError` for a catalogue that is none."""
    lines = load(FILE).splitlines()
    if len(lines) > MAX_ENTRIES:
        raise PoisonRecordError(f"{FILE}: {len(lines):,} lines, the limit is {MAX_ENTRIES:,}")
    for line in lines:
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except msgspec.MsgspecError as error:
            raise PoisonRecordError(f"{FILE}: {str(error)[:300]}") from error
        headers = tuple(entry.headers)
        value = load(entry.file)
        message = Message(entry.topic, entry.partition, entry.offset, entry.key, value, headers)
        yield Exhibit(message, entry.doubt, entry.more, entry.signer)
