"""Which files there are under a path, members of zip archives included, in an order that is always
the same. Nothing is unpacked: members are read where they are."""

import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn

from ingest.files.cases import stem
from schemas.errors import ConfigurationError, PoisonRecordError

MAX_MEMBERS = 100_000
MAX_ARCHIVE_BYTES = 4 * 1024**3
"""What the members of one archive may hold unpacked, by the archive's own account."""

_ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_DAMAGED = (
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or a member of an archive."""

    name: str
    file: str
    """Where it is, relative to the path that is read, as it can be shown."""
    size: int
    """Bytes on disk, compressed as they are."""
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one folder, or of one folder in an archive."""

    root: str
    """What the path that is read is called."""
    parts: tuple[str, ...]
    """The folders below it, by which cases are named; an archive counts as one, and a folder in it
    of the same name as the same."""
    above: tuple[str, ...]
    """All folders it lies in, from the root of the file system."""
    entries: tuple[Entry, ...]


def folders(path: Path) -> Iterator[Folder]:
    """Yield every folder that has files in it.

    Raises `ConfigurationError` when there is nothing at the path.
    """
    path = path.resolve()
    if path.is_dir():
        yield from _tree(path)
    elif _is_archive(path):
        yield from _archive(path, path.name, stem(path.name), ())
    elif path.exists():
        yield Folder(stem(path.name), (), path.parts, (_entry(path, path.name),))
    else:
        raise ConfigurationError(f"there is no file or folder at {path}")


def _tree(path: Path) -> Iterator[Folder]:
    root, unlisted = path.name or "root", list[OSError]()
    for found, below, names in os.walk(path, onerror=unlisted.append):
        below.sort()
        here = Path(found)
        inside = here.relative_to(path)
        archives = {name for name in names if _is_archive(here / name)}
        plain = sorted(set(names) - archives)
        entries = tuple(_entry(here / name, (inside / name).as_posix()) for name in plain)
        if entries:
            yield Folder(root, inside.parts, here.parts, entries)
        for name in filter(lambda name: (here / name).is_symlink(), below):
            # it might lead out of the path, or back into it for ever
            reason = PoisonRecordError("a link to a folder, not followed")
            link = Entry(name, _shown((inside / name).as_posix()), 0, partial(_fail, reason))
            yield Folder(root, inside.parts, here.parts, (link,))
        for name in sorted(archives):
            parts = (*inside.parts, stem(name))
            yield from _archive(here / name, (inside / name).as_posix(), root, parts)
    for error in unlisted:
        name = str(error.filename)
        yield Folder(root, (), path.parts, (Entry(name, _shown(name), 0, partial(_fail, error)),))


def _entry(path: Path, file: str) -> Entry:
    try:
        found = path.stat()
    except OSError as error:
        return Entry(path.name, _shown(file), 0, partial(_fail, error))
    if not stat.S_ISREG(found.st_mode):
        reason = PoisonRecordError("neither a file nor a folder")
        return Entry(path.name, _shown(file), 0, partial(_fail, reason))
    return Entry(path.name, _shown(file), found.st_size, lambda: path.open("rb"))


def _shown(path: str) -> str:
    """Return a path that can be printed and written into a record, whatever a name holds."""
    return "".join(char if char.isprintable() else "?" for char in path)


def _fail(error: Exception) -> NoReturn:
    raise error


def _is_archive(path: Path) -> bool:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(4) in _ARCHIVE
    except OSError:
        return False


def _archive(path: Path, file: str, root: str, parts: tuple[str, ...]) -> Iterator[Folder]:
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGED as error:
        reason = PoisonRecordError(f"a damaged archive: {error}")
        yield _one(path, file, root, parts, reason)
        return
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        unpacked = sum(member.file_size for member in members)
        if len(members) > MAX_MEMBERS or unpacked > MAX_ARCHIVE_BYTES:
            limit = f"{MAX_MEMBERS:,} of {MAX_ARCHIVE_BYTES:,}"
            reason = PoisonRecordError(
                f"{len(members):,} members of {unpacked:,} bytes, the limit is {limit}: "
                "unpack it and read its folders one by one"
            )
            yield _one(path, file, root, parts, reason)
            return
        yield from _members(archive, members, Folder(root, parts, path.parts, ()), file)


def _one(path: Path, file: str, root: str, parts: tuple[str, ...], error: Exception) -> Folder:
    entry = Entry(path.name, _shown(file), path.stat().st_size, partial(_fail, error))
    return Folder(root, parts[:-1], path.parent.parts, (entry,))


def _members(
    archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], top: Folder, file: str
) -> Iterator[Folder]:
    placed = sorted(
        ((PurePosixPath(member.filename), member) for member in members),
        key=lambda item: (item[0].parent.parts, item[0].name),
    )
    for parent, group in groupby(placed, key=lambda item: item[0].parent):
        inner = parent.parts
        named = inner[1:] if top.parts[-1:] == inner[:1] else inner
        entries = tuple(
            Entry(
                name=path.name,
                file=_shown(f"{file}/{path}"),
                size=member.compress_size,
                open=partial(archive.open, member),
            )
            for path, member in group
        )
        yield Folder(top.root, (*top.parts, *named), (*top.above, *inner), entries)
