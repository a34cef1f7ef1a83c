"""The journal: intent on disk before anything is done.

JSON lines, each naming the hash of the line before it:
`{"previous":"<64 hex>","entry":{...},"hash":"<64 hex>"}`, where `hash` is the SHA-256 of all that
stands before `,"hash"`. Guarantees: what `append` returned from survives a crash of process and
machine; one writer at a time; a line that a crash cut short is taken off and kept beside the
journal, and any other change to a written byte is found when the journal is opened. A tail of whole
lines that was removed is not found here: the topic has a copy.
"""

import errno
import fcntl
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from responders.entries import Entry
from runtime.durable import sync
from schemas.errors import ConfigurationError, UnsafeToContinueError

GENESIS = "0" * 64
"""What the first line names as the hash before it."""

_DECODER: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)
_ENCODER = msgspec.json.Encoder()
_SEAL_BYTES = len(b',"hash":""}') + 64


class Journal:
    """The journal of one responder; closes its file, and frees the lock, when left."""

    def __init__(self, path: Path) -> None:
        """Open or create it, and check every byte.

        Raises `ConfigurationError` when another process writes to it, `UnsafeToContinueError`
        naming the first line that is not as it was written.
        """
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._broken = ""
        try:
            self._lock()
            sync(path.parent)
            self.entries, self._last, self._size = self._read()
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and its lock."""
        os.close(self._file)

    def append(self, *entries: Entry) -> None:
        """Write these in order and return once the disk has them.

        Raises `UnsafeToContinueError` when it has not; then nothing may be done that they announce,
        and nothing more can be written.
        """
        if self._broken:
            raise UnsafeToContinueError(self._broken)
        lines, last = bytearray(), self._last
        for entry in entries:
            line, last = _sealed(last, entry)
            lines += line
        try:
            _write(self._file, lines)
            os.fsync(self._file)
        except OSError as error:
            self._fail(error)
        self._last, self._size = last, self._size + len(lines)

    def _fail(self, error: OSError) -> None:
        self._broken = f"{self.path} cannot be written ({error.strerror}); nothing was sent on it"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            self._broken += ". Free some space, then start again: the alerts are still there"
        with suppress(OSError):  # otherwise it is taken off when the journal is opened
            os.ftruncate(self._file, self._size)
        raise UnsafeToContinueError(self._broken) from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(
                f"{self.path} is written by another process: stop that one, or give this one a "
                f"journal of its own (respond.journal)"
            ) from error

    def _read(self) -> tuple[tuple[Entry, ...], str, int]:
        data = self.path.read_bytes()
        entries, last, tail = _checked(self.path, data)
        if tail:
            self._take_off(tail, last, len(data) - len(tail), len(entries) + 1)
        return entries, last, len(data) - len(tail)

    def _take_off(self, tail: bytes, last: str, size: int, number: int) -> None:
        """Keep the bytes of an unfinished line beside the journal, then cut them off.

        A crash leaves the beginning of a line. A whole line with something behind it was finished:
        its end was changed afterwards.
        """
        if _is_sealed(last, tail[:-1]):
            raise UnsafeToContinueError(_damaged(f"{self.path}:{number}", "its end was changed"))
        kept = os.open(f"{self.path}.torn", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _write(kept, tail + b"\n")
            os.fsync(kept)
        finally:
            os.close(kept)
        os.ftruncate(self._file, size)
        os.fsync(self._file)


def read(path: Path) -> tuple[Entry, ...]:
    """Return what a journal holds, without opening it for writing; a line that is not finished is
    left out. Raises as `Journal` does."""
    try:
        return _checked(path, path.read_bytes())[0]
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error


def _checked(path: Path, data: bytes) -> tuple[tuple[Entry, ...], str, bytes]:
    """Return the entries, the last one's hash, and what stands behind them."""
    lines = data.split(b"\n")
    tail = lines.pop()
    entries, last = [], GENESIS
    for number, line in enumerate(lines, start=1):
        entry, last = _opened(last, line, f"{path}:{number}")
        entries.append(entry)
    return tuple(entries), last, tail


def _sealed(previous: str, entry: Entry) -> tuple[bytes, str]:
    body = b'{"previous":"%s","entry":%s' % (previous.encode(), _ENCODER.encode(entry))
    seal = sha256(body).hexdigest()
    return b'%s,"hash":"%s"}\n' % (body, seal.encode()), seal


def _is_sealed(previous: str, line: bytes) -> bool:
    body, seal = line[:-_SEAL_BYTES], line[-_SEAL_BYTES:]
    begins = body.startswith(b'{"previous":"%s","entry":' % previous.encode())
    return begins and seal == b',"hash":"%s"}' % sha256(body).hexdigest().encode()


def _opened(previous: str, line: bytes, place: str) -> tuple[Entry, str]:
    if not _is_sealed(previous, line):
        raise UnsafeToContinueError(_damaged(place, "its hash does not fit"))
    body = line[len(b'{"previous":"","entry":') + 64 : -_SEAL_BYTES]
    try:
        return _DECODER.decode(body), line[-66:-2].decode()
    except msgspec.MsgspecError as error:
        raise UnsafeToContinueError(
            f"{place}: written by another version of this program ({error})"
        ) from error


def _damaged(place: str, how: str) -> str:
    return (
        f"{place}: this line is not as it was written ({how}). What was sent is uncertain: compare "
        f"with actions-v1 and the chain, and start with a new journal only once all open brakes "
        f"are settled"
    )


def _write(file: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
