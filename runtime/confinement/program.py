"""Runs somebody else's program on somebody's files: it reads what it is given, prints, and ends.

The bounds of `runtime.confinement` hold for it: they are taken on by a process of ours, which then
becomes the program. It has no network, starts no process or thread, and changes no file.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runtime.confinement import landlock, seccomp
from runtime.confinement.inside import SYSTEM, end_with_parent
from schemas.errors import ConfigurationError

_WALL_FACTOR = 10.0
"""By how much longer than its CPU time it may take: a busy machine makes nothing late."""
_PROGRAMS = ("/bin", "/usr/bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What it may take."""

    seconds: int
    """Of CPU time."""
    memory: int
    """Bytes of address space."""
    output: int
    """Bytes that it may print."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What it printed, and how it ended: its status, or minus the signal."""

    status: int
    output: bytes
    words: bytes
    """To standard error."""


def run(command: Sequence[str], folder: Path, home: Path, bounds: Bounds) -> Printed:
    """Run a command in a folder that it may read, beside its own files and the system's libraries;
    `home` is what it takes for its user's, and reads too.

    Raises `ConfigurationError` when there is no such command, this machine cannot confine it, or it
    does not end.
    """
    found = shutil.which(command[0])
    if found is None:
        raise ConfigurationError(f"there is no command {command[0]}")
    program = Path(found).resolve()
    own = [home, *_homes(program)]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as words:
        status = _run(
            [*map(str, own), "--", str(program), *command[1:]], folder, bounds, output, words
        )
        return Printed(status, _read(output, bounds.output), _read(words, bounds.output))


def _run(
    arguments: Sequence[str], folder: Path, bounds: Bounds, output: IO[bytes], words: IO[bytes]
) -> int:
    limits = (os.getpid(), bounds.seconds, bounds.memory, bounds.output)
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [
                sys.executable,
                "-I",
                "-B",
                "-m",
                __name__,
                *map(str, limits),
                str(folder),
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=words,
            env={
                "LC_ALL": "C.UTF-8",
                "HOME": arguments[0],
                "PATH": os.defpath,
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            cwd=folder,
            check=False,
            timeout=bounds.seconds * _WALL_FACTOR,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"{arguments[-1]}: {error}") from error
    return done.returncode


def _read(file: IO[bytes], most: int) -> bytes:
    file.seek(0)
    return file.read(most)


def _homes(program: Path) -> list[Path]:
    """Return where a program's own files are: for one of a virtual environment that, and the
    interpreter that it was made with; else the file alone."""
    folder = program.parent.parent
    settings = folder / "pyvenv.cfg"
    if not settings.is_file():
        return [program]
    lines = (line.partition("=") for line in settings.read_text(errors="replace").splitlines())
    named = [Path(value.strip()).resolve() for key, _, value in lines if key.strip() == "home"]
    return [folder, *(home.parent for home in named if home.parent != Path("/usr"))]


def _become(arguments: Sequence[str]) -> None:
    """Take on the bounds, then become the program."""
    parent, seconds, memory, output, folder, *rest = arguments
    at = rest.index("--")
    homes, command = rest[:at], rest[at + 1 :]
    end_with_parent(int(parent))
    for kind, bound in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, int(output)),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_AS, int(memory)),
    ):
        resource.setrlimit(kind, (bound, bound))
    system = [Path(name) for name in (*SYSTEM, *_PROGRAMS)]
    landlock.restrict([Path(folder)], programs=[*system, *map(Path, homes)])
    seccomp.restrict(become=True)
    os.execv(command[0], command)  # noqa: S606 - the program that was asked for, confined


if __name__ == "__main__":
    _become(sys.argv[1:])
