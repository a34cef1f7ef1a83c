"""From records to files on the disk: written under a name of their own, whole, synced."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types

from forensics.archive.columns import REPEATED, Kept, table
from forensics.archive.filing import Place
from forensics.archive.register import File, digest, make_durable_folder
from runtime.broker import Partition
from runtime.durable import sync

_ROW_GROUP = 20_000
"""Records that a reader of one column has to look at together."""


def write_batch(root: Path, partition: Partition, records: Sequence[Kept]) -> tuple[File, ...]:
    """Write a batch of one partition, in the order of its offsets; a file for each place."""
    places: dict[Place, list[Kept]] = defaultdict(list)
    for message, filing in records:
        places[filing.place].append((message, filing))
    first = records[0][0].offset
    return write(root, partition, first, {place: table(kept) for place, kept in places.items()})


def write(
    root: Path, partition: Partition, first: int, tables: Mapping[Place, pa.Table]
) -> tuple[File, ...]:
    """Write a table for each place, of a stretch that begins at `first`."""
    token = uuid.uuid4().hex[:12]
    name = f"{partition.number:05d}-{first:020d}-{token}.parquet"
    files = []
    for place, rows in sorted(tables.items(), key=lambda item: (item[0].day, item[0].chain)):
        folder = folder_of(root, partition.topic, place)
        make_durable_folder(folder)
        files.append(_write_one(root, folder / name, rows))
    return tuple(files)


def folder_of(root: Path, topic: str, place: Place) -> Path:
    """Return where the files of a place are; in Hive's way of naming, which most tools read."""
    return root / "data" / f"topic={topic}" / f"day={place.day}" / f"chain={quote(place.chain, '')}"


def _write_one(root: Path, path: Path, rows: pa.Table) -> File:
    part = path.with_suffix(".part")
    pq.write_table(
        rows,
        part,
        compression="zstd",
        use_dictionary=REPEATED,
        row_group_size=_ROW_GROUP,
        write_statistics=["offset", "time", "kind", "event_time", "protocol", "block", "tx", "id"],
    )
    sync(part)
    part.rename(path)
    sync(path.parent)
    name = str(path.relative_to(root))
    return File(name, rows.num_rows, path.stat().st_size, digest(path))
