"""How records lie in a Parquet file, and how they come back as they were."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types

from forensics.archive.filing import Filing
from forensics.archive.register import File, digest
from runtime.broker import Message
from schemas.errors import UnsafeToContinueError

Kept = tuple[Message, Filing]

SCHEMA = pa.schema(
    [
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("time", pa.timestamp("ms", "UTC"), nullable=False),
        pa.field("key", pa.binary()),
        pa.field("value", pa.binary()),
        pa.field("header_names", pa.list_(pa.string()), nullable=False),
        pa.field("header_values", pa.list_(pa.binary()), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("id", pa.string()),
        pa.field("event_time", pa.timestamp("s", "UTC")),
        pa.field("protocol", pa.string()),
        pa.field("block", pa.int64()),
        pa.field("tx", pa.string()),
        pa.field("fault", pa.string()),
    ]
)
"""`time` is the log's own. Headers keep their order, and may come twice, so they are two lists."""

REPEATED = ["kind", "protocol"]
"""Columns with few values; the others would gain nothing from a dictionary."""

_FROM_MESSAGE = ("partition", "offset", "time", "key", "value")
_FROM_FILING = ("kind", "id", "event_time", "protocol", "block", "tx", "fault")


def table(records: Sequence[Kept]) -> pa.Table:
    """Return the records as one table, in the order given."""
    arrays: dict[str, list[Any]] = {
        **{name: [getattr(message, name) for message, _ in records] for name in _FROM_MESSAGE},
        "header_names": [[name for name, _ in message.headers] for message, _ in records],
        "header_values": [[value for _, value in message.headers] for message, _ in records],
        **{name: [getattr(filing, name) for _, filing in records] for name in _FROM_FILING},
    }
    return pa.Table.from_pydict(arrays, SCHEMA)


def read_file(root: Path, file: File) -> pa.Table:
    """Return what a file holds, without what its folders say.

    Raises `FileNotFoundError` for one that is gone, `UnsafeToContinueError` for one that is not as
    it was written.
    """
    path = root / file.path
    if digest(path) != file.sha256:
        raise UnsafeToContinueError(f"{path} is not as it was written: restore it from a backup")
    return pq.read_table(path, schema=SCHEMA, partitioning=None)


def messages(topic: str, rows: pa.Table) -> Iterator[Message]:
    """Yield the records of a table, as they were read from the topic."""
    columns = [
        rows.column("partition").to_pylist(),
        rows.column("offset").to_pylist(),
        rows.column("key").to_pylist(),
        rows.column("value").to_pylist(),
        _headers(rows),
        rows.column("time").cast(pa.int64()).to_pylist(),
    ]
    for partition, offset, key, value, headers, time in zip(*columns, strict=True):
        yield Message(topic, partition, offset, key, value, headers, time)


def _headers(rows: pa.Table) -> Iterator[tuple[tuple[str, bytes | None], ...]]:
    names = rows.column("header_names").to_pylist()
    values = rows.column("header_values").to_pylist()
    for named, held in zip(names, values, strict=True):
        yield tuple(zip(named, held, strict=True))
