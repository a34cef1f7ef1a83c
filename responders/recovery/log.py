"""What happened on the way back of one case, kept beside its plan: one line of JSON each, on disk
before anything is said to have happened. Where a case stands is read from it and nowhere else."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from responders.recovery.course import Course, Terms, advance
from responders.recovery.events import Event, Observed, Staged
from responders.recovery.holds import Hold
from schemas.errors import ConfigurationError

MAX_BYTES = 64 * 1024 * 1024
"""A line is about 50 bytes, and there is one for each block that was judged."""


class Opened(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="opened", tag_field="event"
):
    """The first line: what people agreed on, and the brake that holds."""

    case: str
    terms: Terms
    hold: Hold


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let no other process take a turn of the case whose log this is, or will be, while the block
    runs: two that read it at once would both tell the same turn.

    Raises `ConfigurationError` while another does. The lock is on a file beside the log, which
    stays; the operating system lets go of it however a process ends.
    """
    lock = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{lock}: {error.strerror}") from error
    try:
        _hold(descriptor, lock)
        yield
    finally:
        os.close(descriptor)


class Log:
    """One case's file. One process at a time writes it: who reads it to do so is `alone`."""

    def __init__(self, path: Path) -> None:
        """Read what is there: where the case stands, how many events there were, and how many of
        them, the opening included, everyone is told.

        Raises `ConfigurationError` when it is no log, or breaks a rule.
        """
        self._path = path
        self._encode = msgspec.json.Encoder(order="deterministic").encode
        lines = self._lines()
        try:
            self.opened = msgspec.json.decode(next(lines), type=Opened)
            self.course = Course(terms=self.opened.terms, hold=self.opened.hold)
            self.staged: Staged | None = None
            self.tries = 0
            self.length = 0
            self.turns = 1
            for line in lines:
                self._take(msgspec.json.decode(line, type=Event))
        except StopIteration:
            raise ConfigurationError(f"{path}: is empty; remove it and open the case") from None
        except (msgspec.MsgspecError, UnicodeDecodeError, ConfigurationError) as error:
            raise ConfigurationError(f"{path}: cannot be followed: {error}") from error

    @classmethod
    def open_case(cls, path: Path, opened: Opened) -> "Log":
        """Begin a case's log. Raises `ConfigurationError` when there is one already."""
        cls.require_none(path)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise ConfigurationError(f"{path}: {error.strerror}") from error
        with os.fdopen(descriptor, "wb") as file:
            _write(file.fileno(), msgspec.json.encode(opened, order="deterministic"))
        return cls(path)

    @staticmethod
    def require_none(path: Path) -> None:
        """Raise `ConfigurationError` when a case has a log here already."""
        if path.exists():
            raise ConfigurationError(f"{path}: there is one already, the case is open")

    def record(self, *events: Event) -> None:
        """Take events, all of them on disk afterwards.

        Raises `NotYetError` for one that must not happen; nothing is written then.
        """
        course = self.course
        for event in events:
            course = advance(course, event)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        try:
            _write(descriptor, b"\n".join(map(self._encode, events)))
        finally:
            os.close(descriptor)
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        self.course = advance(self.course, event)
        self.length += 1
        self.turns += not isinstance(event, Observed)
        if isinstance(event, Staged):
            self.staged, self.tries = event, self.tries + 1

    def _lines(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ConfigurationError(f"{self._path}: {error.strerror}: open the case") from error
        if len(data) > MAX_BYTES or (data and not data.endswith(b"\n")):
            raise ConfigurationError(f"{self._path}: too long, or its last line was cut off")
        return iter(data.splitlines())


def _write(descriptor: int, lines: bytes) -> None:
    os.write(descriptor, lines + b"\n")
    os.fsync(descriptor)


def _hold(descriptor: int, lock: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConfigurationError(
            f"{lock}: another firebreak recover is at a turn of this case; nothing was told or "
            f"written down here, run it again when that one has ended"
        ) from error
