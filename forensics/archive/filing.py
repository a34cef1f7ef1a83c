"""Where a record belongs: its day, its chain, and what can be told of it without its value. Pure.

The day is that of the event: of the block, the bar, the newest block of a case. A record that tells
no time of its own is filed under the day on which the log got it, and so is one that cannot be read
or that names a time beyond the year 9999. A chain that is none goes to `none`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from runtime.broker import Message
from schemas.base import Record
from schemas.codec import reader
from schemas.errors import PoisonRecordError
from schemas.incidents import Incident
from schemas.topics import TOPICS

NO_CHAIN = "none"

_CHAIN = re.compile("[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}")
"""CAIP-2; the codec bounds only the length, and this becomes the name of a folder."""

_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, the last that every reader of Parquet can show."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder that a record belongs to."""

    day: str
    """UTC, as 2026-01-31."""
    chain: str


@dataclass(frozen=True, slots=True)
class Filing:
    """What is kept of a record beside its bytes."""

    place: Place
    kind: str | None = None
    """None for one that could not be read."""
    id: str | None = None
    event_time: int | None = None
    """Seconds since 1970."""
    protocol: str | None = None
    block: int | None = None
    tx: str | None = None
    fault: str | None = None
    """Why it could not be read."""


def file(message: Message) -> Filing:
    """Return what can be told of a record, whatever it is."""
    try:
        record = reader(TOPICS[message.topic])(message.value or b"")
    except PoisonRecordError as error:
        return Filing(Place(_day(message.time // 1000), NO_CHAIN), fault=str(error))
    time = _event_time(record)
    chain = getattr(record, "chain", "")
    return Filing(
        Place(
            _day(message.time // 1000 if time is None else time),
            chain if _CHAIN.fullmatch(chain) else NO_CHAIN,
        ),
        kind=str(record.__struct_config__.tag),
        id=getattr(record, "id", None),
        event_time=time,
        protocol=getattr(record, "protocol", None),
        block=getattr(record, "block", None),
        tx=getattr(record, "tx", None),
    )


def _event_time(record: Record) -> int | None:
    time = record.latest if isinstance(record, Incident) else getattr(record, "timestamp", None)
    return time if time is not None and time <= _LAST_SECOND else None


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(min(max(seconds, 0), _LAST_SECOND), UTC).strftime("%Y-%m-%d")
