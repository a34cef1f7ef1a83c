"""Starts a confined process, asks it, and ends it when it does not keep its bounds.

Questions and answers are frames: four bytes of length, big-endian, and so many bytes. The process
is never waited for without a deadline. What counts is its own CPU time, and the time for which it
sleeps though nobody keeps it from running; not the time for which it waits for a CPU, so that a
busy machine makes no honest process late.
"""

import os
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, BinaryIO

from schemas.errors import ConfigurationError

MAX_FRAME_BYTES = 16 * 1024 * 1024
"""The largest question: a transaction record and a state have room in it."""

_LENGTH = struct.Struct(">I")
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",  # it may not start threads, and needs none
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_LOOK = 0.05
"""Seconds between looks at the CPU time of a process that has not answered."""
_ASLEEP_FACTOR = 2.0
"""By how much a process may oversleep its CPU time: there is nothing that it could wait for."""

_WALL_FACTOR = 30.0
"""Behind both stands the clock on the wall: a machine as busy as that has other troubles."""


class OutOfBoundsError(Exception):
    """The process had to be ended, or ended by itself; `why` is `time`, `size` or `died`."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(detail)
        self.why = why


class ConfinedProcess:
    """One process that runs a module of ours, which confines itself (`inside`) and then answers."""

    def __init__(self, module: str) -> None:
        """Start it with nothing of ours but three pipes. Raises `ConfigurationError`."""
        try:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-I", "-B", "-m", module, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise ConfigurationError(f"cannot start a confined process: {error}") from error
        # A full pipe must not hold us up either: a process may just as well stop listening.
        self._deadline = _Deadline(self._child.pid, 0.0)
        os.set_blocking(self._pipe(self._child.stdin), False)
        os.set_blocking(self._pipe(self._child.stdout), False)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def ask(self, question: bytes, seconds: float, max_bytes: int) -> bytes:
        """Return the answer, of at most `max_bytes`, to be given within so much CPU time.

        Raises `OutOfBoundsError` when it is not; the process is gone then.
        """
        self.tell(question, seconds)
        return self.answer(max_bytes)

    def tell(self, question: bytes, seconds: float) -> None:
        """Hand over a question, to be answered within so much CPU time."""
        self._deadline = _Deadline(self._child.pid, seconds)
        with self._ended_on_failure():
            self._write(_LENGTH.pack(len(question)) + question)

    def answered(self) -> bool:
        """Say, without waiting, whether there is an answer, or an end."""
        with self._ended_on_failure():
            return self._deadline.over(self._pipe(self._child.stdout), select.POLLIN)

    def answer(self, max_bytes: int) -> bytes:
        """Wait for the answer. Raises `OutOfBoundsError`."""
        with self._ended_on_failure():
            (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
            if length > max_bytes:
                detail = f"an answer of {length:,} bytes, at most {max_bytes:,}"
                raise OutOfBoundsError("size", detail)
            return self._read(length)

    @contextmanager
    def _ended_on_failure(self) -> Iterator[None]:
        try:
            yield
        except OutOfBoundsError:
            self.end()
            raise
        except OSError as error:
            raise OutOfBoundsError("died", self._last_words()) from error

    def _write(self, data: bytes) -> None:
        pipe, rest = self._pipe(self._child.stdin), memoryview(data)
        while rest:
            self._deadline.wait(pipe, select.POLLOUT)
            with suppress(BlockingIOError):
                rest = rest[os.write(pipe, rest) :]

    def _read(self, count: int) -> bytes:
        pipe, parts = self._pipe(self._child.stdout), bytearray()
        while len(parts) < count:
            self._deadline.wait(pipe, select.POLLIN)
            with suppress(BlockingIOError):
                part = os.read(pipe, min(count - len(parts), 1 << 20))
                if not part:
                    raise OutOfBoundsError("died", self._last_words())
                parts += part
        return bytes(parts)

    def _last_words(self) -> str:
        self.end()
        status = self._child.returncode
        if status >= 0:
            return f"ended by itself with status {status}"
        return f"was ended by {signal.Signals(-status).name}"

    def end(self) -> None:
        """End it at once."""
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(0.2 if self._child.stdout and _hung_up(self._child.stdout) else 0)
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> int:
        if pipe is None:  # Popen was asked for both
            raise ConfigurationError("a confined process has no pipe")
        return pipe.fileno()


def _hung_up(pipe: IO[bytes]) -> bool:
    """Say whether the other end is closed: then the process is ending by itself, and how is worth
    the wait."""
    if pipe.closed:
        return False
    poll = select.poll()
    poll.register(pipe.fileno(), select.POLLIN)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


class _Deadline:
    """So much CPU time of one process, twice as much awake or asleep, thirty times on the wall."""

    def __init__(self, pid: int, seconds: float) -> None:
        self._pid = pid
        self._clock = (~pid << 3) | 2  # clock_getcpuclockid(3): the CPU time of that process
        self._seconds = seconds
        self._start = time.monotonic()
        self._used = self._cpu()
        self._kept: float | None = None
        # Behind ours, the kernel's own: it holds even while this process is stopped.
        soft = int(self._used + seconds) + 2
        with suppress(OSError, ValueError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_CPU)
            resource.prlimit(pid, resource.RLIMIT_CPU, (soft, hard))

    def _cpu(self) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # it has ended, which is found out elsewhere
            return 0.0

    def _kept_waiting(self) -> float:
        """Return for how long the process was ready to run and no CPU was free."""
        try:
            with open(f"/proc/{self._pid}/schedstat", "rb") as file:  # noqa: PTH123 - three times as fast
                return int(file.read().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):  # it has ended, or this kernel does not count
            return 0.0

    def wait(self, pipe: int, event: int) -> None:
        """Return once the pipe is ready. Raises `OutOfBoundsError` when the time is up."""
        while not self.over(pipe, event, _LOOK):
            pass

    def over(self, pipe: int, event: int, patience: float = 0.0) -> bool:
        """Say whether the pipe is ready. Raises `OutOfBoundsError` when it is not and the time is
        up."""
        poll = select.poll()
        poll.register(pipe, event)
        if poll.poll(patience * 1000):
            return True
        if self._kept is None:  # asked only now: most answers come sooner than the question for it
            self._kept = self._kept_waiting()
        wall = time.monotonic() - self._start
        if wall < self._seconds:
            return False
        used = self._cpu() - self._used
        awake = wall - (self._kept_waiting() - self._kept)
        if used >= self._seconds or awake >= self._seconds * _ASLEEP_FACTOR:
            raise OutOfBoundsError("time", f"no answer after {used:.1f} s of CPU time")
        if wall >= self._seconds * _WALL_FACTOR:
            raise OutOfBoundsError("time", f"no answer after {wall:.0f} s")
        return False


def read_frame(pipe: BinaryIO) -> bytes | None:
    """Return the next question, None when there will be no more; for the process inside."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length) if length <= MAX_FRAME_BYTES else b""
    return body if len(body) == length else None


def write_frame(pipe: BinaryIO, answer: bytes) -> None:
    """Write an answer; for the process inside."""
    pipe.write(_LENGTH.pack(len(answer)) + answer)
    pipe.flush()


def modules_path() -> Sequence[str]:
    """Return where this process imports from, for one that shall see the same packages."""
    return [os.path.abspath(entry) for entry in sys.path if entry]  # noqa: PTH100 - not resolved: a link is what it is
