"""Which files count: one line of truth for each stretch of a partition.

A batch of a partition is several files, of as many days and chains as it holds, and counts whole or
not at all. Its files are written and synced first, under names that nobody else takes; then its
entry appears, named by its first offset, by a link that fails where there is one of that name. So a
crash leaves no half of a batch, and of two processes that both believe to own a partition one wins.

Entries of a partition follow each other without a gap: each begins where the one before it ended.
`merge` puts one in the place of several; one whose beginning lies within the one before it is void.
Whatever changes or removes what counts holds the partition's lock.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from runtime.broker import Partition
from runtime.durable import sync, write_synced
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.topics import TOPICS
from schemas.units import Count

_MOST_BYTES = 8 * 1024 * 1024
"""Of one entry: it names at most as many files as its records have days and chains."""

_TEMPORARY = ".new"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Parquet file."""

    path: Annotated[str, Meta(max_length=512)]
    """Below the archive's folder."""
    rows: Count
    bytes: Count
    sha256: Annotated[str, Meta(min_length=64, max_length=64)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a stretch of one partition consists of."""

    first: Count
    end: Count
    """The offset after the last that was read. Where the log has gaps, this has them too."""
    newest: int
    """The largest of its records' times by the log, in milliseconds since 1970."""
    raw: Count
    """About how many bytes its records take in memory."""
    files: tuple[File, ...]
    merges: Count = 0
    """How often its records were merged with others."""
    lost: bool = False
    """The topic dropped these before they were kept: there is nothing, and it is said."""


class Register:
    """The entries of one archive."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def topics(self) -> list[str]:
        """Return the topics that there is something of."""
        folder = self.root / "register"
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted(entry.name for entry in found if entry.name in TOPICS)

    def partitions(self, topic: str) -> list[int]:
        """Return the partitions of a topic that there is something of."""
        folder = self.root / "register" / topic
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted(int(entry.name) for entry in found if entry.name.isdigit())

    def entries(self, partition: Partition) -> list[Entry]:
        """Return what counts of a partition, in order.

        Raises `UnsafeToContinueError` for an entry that cannot be read, and for a gap.
        """
        found: list[Entry] = []
        for path in sorted(self._folder(partition).glob("*.json")):
            entry = _read(path)
            if entry is None or (found and entry.first < found[-1].end):
                continue
            if found and entry.first > found[-1].end:
                raise UnsafeToContinueError(
                    f"{path}: begins at {entry.first}, the one before it ended at {found[-1].end}. "
                    "What lies between was removed: restore the register from a backup"
                )
            found.append(entry)
        return found

    def end(self, partition: Partition) -> int | None:
        """Return the offset from which on nothing is kept, None when nothing is."""
        found = self.entries(partition)
        return found[-1].end if found else None

    def add(self, partition: Partition, entry: Entry) -> None:
        """Let a batch count. Raises `TransientError` when another process was there before."""
        folder = self._folder(partition)
        make_durable_folder(folder)
        path = self._path(partition, entry)
        new = _written(path.with_suffix(f"{_TEMPORARY}-{os.getpid()}"), entry)
        try:
            os.link(new, path)
        except FileExistsError:
            raise TransientError(
                f"{path} exists: another process keeps {partition.topic}[{partition.number}]"
            ) from None
        finally:
            new.unlink()
        sync(folder)

    def merge(self, partition: Partition, entry: Entry) -> None:
        """Let an entry count in place of those that it covers, under the partition's `lock`."""
        path = self._path(partition, entry)
        new = _written(path.with_suffix(f"{_TEMPORARY}-{os.getpid()}"), entry)
        new.replace(path)
        sync(path.parent)
        self.sweep(partition)

    def sweep(self, partition: Partition) -> None:
        """Remove what can never count any more, under the partition's `lock`: void entries, and
        files that no entry names and that begin before the newest entry ends.

        A batch that somebody is about to add begins at that end, so its files stay.
        """
        entries = self.entries(partition)
        if not entries:
            return
        valid = {self._path(partition, entry).name for entry in entries}
        for path in self._folder(partition).glob("*.json"):
            if path.name not in valid:
                path.unlink()
        named = {file.path for entry in entries for file in entry.files}
        data = self.root / "data" / f"topic={partition.topic}"
        for path in data.glob(f"day=*/chain=*/{partition.number:05d}-*"):
            first = path.name.split("-")[1]
            behind = first.isdigit() and int(first) < entries[-1].end
            if behind and str(path.relative_to(self.root)) not in named:
                path.unlink(missing_ok=True)

    @contextmanager
    def lock(self, partition: Partition) -> Iterator[None]:
        """Be the only one to change what counts of a partition."""
        folder = self._folder(partition)
        make_durable_folder(folder)
        with (folder / ".lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _folder(self, partition: Partition) -> Path:
        return self.root / "register" / partition.topic / f"{partition.number:05d}"

    def _path(self, partition: Partition, entry: Entry) -> Path:
        return self._folder(partition) / f"{entry.first:020d}.json"


def _read(path: Path) -> Entry | None:
    """Return an entry; None when it was merged into another meanwhile."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        try:
            entry = msgspec.json.decode(file.read(_MOST_BYTES), type=Entry)
        except msgspec.MsgspecError as error:
            raise UnsafeToContinueError(
                f"{path}: cannot be read: {error}. Restore it from a backup"
            ) from error
        if any(".." in Path(named.path).parts or named.path[:1] == "/" for named in entry.files):
            raise UnsafeToContinueError(f"{path}: names a file outside the archive")
        return entry
    return None


def _written(path: Path, entry: Entry) -> Path:
    write_synced(path, msgspec.json.encode(entry))
    return path


def require_archive(root: Path) -> None:
    """Raise `ConfigurationError` when there is no archive."""
    if not (root / "register").is_dir():
        raise ConfigurationError(f"{root} is no archive: firebreak archive keep makes one")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_durable_folder(path: Path) -> None:
    """Make a folder and those above it, each on the disk under its name."""
    if path.is_dir():
        return
    make_durable_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)
