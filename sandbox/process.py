"""A program that runs beside us and ends with us."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from schemas.errors import ConfigurationError, UnsafeToContinueError

PATIENCE = 10.0
"""Seconds that a program gets to end by itself before it is killed."""

_PR_SET_PDEATHSIG = 1
"""From Linux' <sys/prctl.h>."""

_TAIL_BYTES = 4096


class ChildProcess:
    """A program in a session and process group of its own; what it says goes to a file.

    On Linux it is killed when the thread that started it ends, however that happens, unless it is
    `detached`. So start it from a thread that lives as long as it should.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        detached: bool = False,
    ) -> None:
        """Start it, with `environment` added to ours. Raises `ConfigurationError` if that fails."""
        self.log = log
        self.name = Path(command[0]).name
        self._over = False
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            try:
                self._child = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                    command,
                    cwd=folder,
                    env=os.environ | dict(environment or {}),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=None if detached else _end_with_parent(),  # noqa: PLW1509 - two system calls, nothing that could wait for a lock
                )
            except OSError as error:
                raise ConfigurationError(f"cannot start {command[0]}: {error}") from error

    @property
    def pid(self) -> int:
        """Its process id, which is its group's as well."""
        return self._child.pid

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._child.poll()

    def require_running(self) -> None:
        """Raise `UnsafeToContinueError` with the end of its log if it has ended."""
        if self.status is not None:
            raise UnsafeToContinueError(
                f"{self.name} ended with exit status {self.status}; it said at last "
                f"({self.log}):\n{self.tail()}"
            )

    def tail(self) -> str:
        """Return the end of what it said."""
        with self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return file.read().decode(errors="replace").strip()

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status once it has ended. Raises `TimeoutError` after `timeout` s."""
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} still runs after {timeout:g} s") from None

    def interrupt(self) -> None:
        """Do to it what Ctrl-C does."""
        if self.status is None:
            self._signal(signal.SIGINT)

    def stop(self, patience: float = PATIENCE) -> int:
        """Ask it to end, kill what is left of its group after `patience` s; return its status."""
        if self.status is None:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(patience)
        return self.kill()

    def kill(self) -> int:
        """End it and its group at once, without asking; return its status."""
        if not self._over:  # later the number may be another group's
            self._signal(signal.SIGKILL)
            self._over = True
        return self._child.wait()

    def _signal(self, number: signal.Signals) -> None:
        # its group may be empty already; macOS says so with a refusal
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def command_line(pid: int) -> str:
    """Return a process' program and arguments, empty when there is no such process any more."""
    if sys.platform != "linux":
        asked = subprocess.run(  # noqa: S603 - a fixed command, no shell
            ["/bin/ps", "-o", "command=", "-p", str(pid)],
            capture_output=True,
            check=False,
            text=True,
        )
        return asked.stdout.strip()
    with suppress(FileNotFoundError, ProcessLookupError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return b" ".join(words).decode(errors="replace").strip()
    return ""


def end(pid: int, patience: float = PATIENCE) -> None:
    """End a process that is not our child: ask, wait up to `patience` s, then kill."""
    deadline = time.monotonic() + patience
    number = signal.SIGTERM
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        while command_line(pid):
            if time.monotonic() > deadline and number is signal.SIGTERM:
                number = signal.SIGKILL
                os.kill(pid, number)
            time.sleep(0.05)


def _end_with_parent() -> Callable[[], None] | None:
    """Return what a child has to do first so that the kernel kills it when its parent ends."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)

    return bind
