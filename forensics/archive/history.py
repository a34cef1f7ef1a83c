"""The archive as a log: what read a topic reads it here, in the same order, byte for byte.

It fulfils `runtime.broker.History`, so a replay does not know where its records come from.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from forensics.archive.columns import messages, read_file
from forensics.archive.register import Entry, Register, require_archive
from runtime.broker import Message, Offsets, Partition
from schemas.errors import TransientError


class Archive:
    """What one archive holds."""

    def __init__(self, root: Path) -> None:
        """Raises `ConfigurationError` when there is no archive."""
        require_archive(root)
        self._register = Register(root)

    def partitions(self, topic: str) -> int:
        """Return up to which partition there is something of the topic, 0 when there is nothing."""
        return max(self._register.partitions(topic), default=-1) + 1

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset that is kept and the one after the last."""
        entries = self._register.entries(partition)
        return (entries[0].first, entries[-1].end) if entries else (0, 0)

    def offsets_at(self, topic: str, milliseconds: int) -> dict[Partition, int]:
        """Return, per partition, the first offset that the log got at or after this time."""
        found = {}
        for number in range(self.partitions(topic)):
            partition = Partition(topic, number)
            entries = self._register.entries(partition)
            since = (entry for entry in entries if entry.newest >= milliseconds)
            later = (
                message.offset
                for entry in since
                for message in read(self._register.root, partition, entry)
                if message.time >= milliseconds
            )
            found[partition] = next(later, entries[-1].end if entries else 0)
        return found

    def consumer(self) -> "ArchiveReader":
        """Return a new reader."""
        return ArchiveReader(self._register)


class ArchiveReader:
    """Reads one partition after the other."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._positions: dict[Partition, int] = {}
        self._open: dict[Partition, Iterator[Message]] = {}

    def assign(self, offsets: Offsets) -> None:
        """Read exactly these partitions from these offsets."""
        self._positions = dict(offsets)
        self._open = {partition: self._read(partition, at) for partition, at in offsets.items()}

    def _read(self, partition: Partition, start: int) -> Iterator[Message]:
        for entry in self._register.entries(partition):
            if entry.end > start:
                kept = read(self._register.root, partition, entry)
                yield from (message for message in kept if message.offset >= start)

    def fetch(self, limit: int, timeout: float) -> list[Message]:  # noqa: ARG002 - never waits
        """Return up to `limit` records of one partition."""
        while self._open:
            partition, records = next(iter(self._open.items()))
            batch = list(islice(records, limit))
            if batch:
                self._positions[partition] = batch[-1].offset + 1
                return batch
            del self._open[partition]
            entries = self._register.entries(partition)
            end = entries[-1].end if entries else 0
            self._positions[partition] = max(self._positions[partition], end)
        return []

    def position(self, partition: Partition) -> int:
        """Return the offset up to which everything was fetched."""
        return self._positions[partition]

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Read no more of these."""
        for partition in partitions:
            self._open.pop(partition, None)

    def close(self) -> None:
        """Let go."""
        self._open.clear()


def read(root: Path, partition: Partition, entry: Entry) -> Iterator[Message]:
    """Yield the records of an entry in the order of their offsets.

    Raises `UnsafeToContinueError` when a file is not as it was written, `TransientError` when they
    were merged into others just now.
    """
    if not entry.files:
        return
    try:
        tables = [read_file(root, file) for file in entry.files]
    except FileNotFoundError as error:
        raise TransientError(
            f"{error.filename} is gone: either it was just merged into another, then try again; or "
            "the archive is damaged, which firebreak archive check tells"
        ) from error
    rows = pa.concat_tables(tables)
    if len(tables) > 1:
        rows = rows.sort_by("offset")
    yield from messages(partition.topic, rows)
