"""From bytes to the values of a file: a JSON document, JSON lines, CSV or parquet.

Which it is shows in what stands there, never in its name.
"""

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from ingest.files.csv_text import split_csv
from ingest.files.json_text import parse_json
from ingest.files.parquet import MAGIC, parquet_rows
from ingest.files.stream import Stream, packed_bytes
from ingest.files.walk import Entry
from schemas.errors import PoisonRecordError
from schemas.topics import MAX_RECORD_BYTES

_NOT_TEXT = re.compile("[\\x00-\\x08\\x0e-\\x1f\\ufffd]")


@dataclass(frozen=True, slots=True)
class Content:
    """A value that a file holds, or the reason why it cannot be read."""

    where: str
    """The line or row, '' for the whole file."""
    value: Any
    raw: bytes
    error: PoisonRecordError | None = None
    header: bool = False
    """True for the row of names alone that comes before those of a CSV file."""


def contents(entry: Entry, advance: Callable[[int], None]) -> Generator[Content, None, None]:
    """Yield what a file holds, and what of it cannot be read. Empty files yield nothing."""
    stream = Stream(entry, advance)
    try:
        with stream:
            yield from _contents(stream)
    except PoisonRecordError as error:
        where = f"line {stream.number}" if stream.number > 1 else ""
        yield Content(where, None, packed_bytes(entry, MAX_RECORD_BYTES), error)


def _contents(stream: Stream) -> Iterator[Content]:
    first = _line(stream)
    begins = first.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first.startswith(MAGIC):
        yield from _parquet(first + stream.rest())
    elif begins == b"{":
        number = stream.number
        second = _line(stream)
        if second.lstrip()[:1] == b"{":
            yield _json(f"line {number}", first)
            yield _json(f"line {stream.number}", second)
            yield from _json_lines(stream)
        else:
            yield _json("", first + second + stream.rest())
    elif begins == b"[":
        yield _json("", first + stream.rest())
    elif first:
        yield from _csv(first, stream)


def _line(stream: Stream) -> bytes:
    """Return the next line that is not blank, b'' after the last."""
    while True:
        line = stream.line()
        if not line or line.strip():
            return line


def _json(where: str, raw: bytes) -> Content:
    try:
        return Content(where, parse_json(raw), raw)
    except PoisonRecordError as error:
        return Content(where, None, raw, error)


def _json_lines(stream: Stream) -> Iterator[Content]:
    while line := _line(stream):
        yield _json(f"line {stream.number}", line)


def _csv(first: bytes, stream: Stream) -> Iterator[Content]:
    line = first.decode("utf-8-sig", "replace")
    if _NOT_TEXT.search(line):
        yield Content("", None, first, PoisonRecordError("neither JSON, CSV nor parquet"))
        return
    names = [name.strip().strip('"') for name in line.split(",")]
    yield Content(f"line {stream.number}", dict.fromkeys(names, ""), first, header=True)
    while row := _line(stream):
        where = f"line {stream.number}"
        try:
            yield Content(where, _row(names, row), row)
        except PoisonRecordError as error:
            yield Content(where, None, row, error)


def _row(names: list[str], line: bytes) -> dict[str, str]:
    fields = split_csv(line.rstrip(b"\r\n"))
    if len(fields) != len(names):
        raise PoisonRecordError(f"{len(fields)} fields under {len(names)} names")
    return dict(zip(names, fields, strict=True))


def _parquet(data: bytes) -> Iterator[Content]:
    number = 0
    try:
        for number, row in enumerate(parquet_rows(data), start=1):
            yield Content(f"row {number}", row, b"")
    except PoisonRecordError as error:
        yield Content(f"row {number + 1}", None, data, error)
