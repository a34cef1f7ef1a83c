"""Few large files instead of many small ones: the newest small batches of a partition become one.

Thirty-two batches make one, and thirty-two of those the next, until one is large. So a record is
written again once for each such step: three times in the first month of a quiet partition.
"""

from collections import defaultdict
from itertools import takewhile
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from forensics.archive.columns import read_file
from forensics.archive.filing import Place
from forensics.archive.register import Entry, Register
from forensics.archive.writing import write
from runtime.broker import Partition

TOGETHER = 32
"""Batches, each merged as often as the others, that become one."""

LARGEST = 64 * 1024 * 1024
"""Bytes of records in a merged batch; whoever reads it has them in memory at once."""

_LARGE = LARGEST // 2


def merge_small(register: Register, partition: Partition) -> int:
    """Merge the newest batches if there are enough of them; return how many were merged.

    Raises `UnsafeToContinueError` and merges nothing when a file is not as it was written: merged,
    it would look as if it were. Raises `OSError`.
    """
    if not _due(register.entries(partition)):
        return 0
    with register.lock(partition):
        due = _due(register.entries(partition))
        if due:
            register.merge(partition, _merged(register.root, partition, due))
    return len(due)


def _due(entries: list[Entry]) -> list[Entry]:
    """Return the batches to merge: the oldest of the newest run of small ones, as many as fit.

    What is left out for want of room makes the merged one large, so that it ends every later run.
    """
    if not entries or entries[-1].raw >= _LARGE:
        return []
    merges = entries[-1].merges
    run = [*takewhile(lambda e: _alike(e, merges), reversed(entries))][::-1]
    if len(run) < TOGETHER:
        return []
    size = 0
    for count, entry in enumerate(run):
        size += entry.raw
        if size > LARGEST:
            return run[:count]
    return run


def _alike(entry: Entry, merges: int) -> bool:
    return entry.merges == merges and entry.raw < _LARGE and not entry.lost


def _merged(root: Path, partition: Partition, entries: list[Entry]) -> Entry:
    parts: dict[Place, list[pa.Table]] = defaultdict(list)
    for entry in entries:
        for file in entry.files:
            parts[_place(file.path)].append(read_file(root, file))
    tables = {place: pa.concat_tables(found) for place, found in parts.items()}
    first = entries[0].first
    return Entry(
        first=first,
        end=entries[-1].end,
        newest=max(entry.newest for entry in entries),
        raw=sum(entry.raw for entry in entries),
        files=write(root, partition, first, tables),
        merges=entries[-1].merges + 1,
    )


def _place(path: str) -> Place:
    """Return the place that a file's path names."""
    _, _, day, chain, _ = Path(path).parts
    return Place(day.removeprefix("day="), unquote(chain.removeprefix("chain=")))
