"""A file's bytes, unpacked, within bounds, with every way it can fail turned into one."""

import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import IO, Self

from ingest.files.walk import Entry
from schemas.errors import PoisonRecordError

MAX_PIECE_BYTES = 64 * 1024**2
"""The largest line or document; a full block with its call trees has some 50 MB."""
MAX_FILE_BYTES = 1024**3
"""The most that one file may hold, unpacked."""

_GZIP = b"\x1f\x8b"
_DAMAGE = (
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises for files that are cut short, damaged or encrypted."""


class Stream:
    """Reads an entry line by line; gzip is recognised by its first bytes.

    Raises `PoisonRecordError` for whatever is wrong with the file. `advance` is told of all the
    bytes that the entry has on disk, by the time the stream is closed.
    """

    def __init__(self, entry: Entry, advance: Callable[[int], None]) -> None:
        self._entry = entry
        self._advance = advance
        self._passed = 0
        self._unpacked = 0
        self._open = ExitStack()
        self.number = 0
        """Of the line that was read last."""

    def __enter__(self) -> Self:
        """Open the file."""
        try:
            with _one_error():
                self._disk = self._open.enter_context(self._entry.open())
                packed = self._disk.read(2) == _GZIP
                self._disk.seek(0)
                self._file: IO[bytes] | gzip.GzipFile = self._disk
                if packed:
                    self._file = self._open.enter_context(gzip.GzipFile(fileobj=self._disk))
        except PoisonRecordError:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, and account for what was not read."""
        self._close()

    def _close(self) -> None:
        self._pass(self._entry.size)
        self._open.close()

    def _pass(self, position: int) -> None:
        # the position in an archive's member is one of unpacked bytes, its size one on disk
        step = min(position, self._entry.size) - self._passed
        self._passed += step
        self._advance(step)

    def line(self) -> bytes:
        """Return the next line with its end, b'' after the last."""
        with _one_error():
            line = self._file.readline(MAX_PIECE_BYTES + 1)
            self._pass(self._disk.tell())
        self.number += 1
        return self._bounded(line)

    def rest(self) -> bytes:
        """Return everything that is left."""
        with _one_error():
            rest = self._file.read(MAX_PIECE_BYTES + 1)
        return self._bounded(rest)

    def _bounded(self, data: bytes) -> bytes:
        self._unpacked += len(data)
        if len(data) > MAX_PIECE_BYTES:
            raise PoisonRecordError(f"more than {MAX_PIECE_BYTES:,} bytes in one piece: split it")
        if self._unpacked > MAX_FILE_BYTES:
            raise PoisonRecordError(f"more than {MAX_FILE_BYTES:,} bytes unpacked: split the file")
        return data


def packed_bytes(entry: Entry, limit: int) -> bytes:
    """Return what an entry begins with on disk, b'' where not even that can be read."""
    try:
        with _one_error(), entry.open() as file:
            return file.read(limit)
    except PoisonRecordError:
        return b""


@contextmanager
def _one_error() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise PoisonRecordError(f"cut short, damaged or not to be opened: {error}") from error
