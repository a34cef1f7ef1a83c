"""What a process does to confine itself; called before any of the stranger's code is imported."""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from runtime.confinement import landlock, seccomp
from schemas.errors import ConfigurationError

MEMORY_BYTES = 512 * 1024 * 1024
"""Address space that the stranger's code, the libraries that it imports and its data may take:
River, SciPy and NumPy together need a third of it."""

_PR_SET_PDEATHSIG = 1
_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/dev/null", "/dev/urandom", "/usr/share/zoneinfo")
SYSTEM = (*_SYSTEM_LIBRARIES, *_SYSTEM_FILES)
"""What any program reads before it does anything."""
_MODULES = (".py", ".pyc", ".so")


def confine(
    path: Sequence[str], *, readable: Sequence[Path] = (), memory: int = MEMORY_BYTES
) -> None:
    """Give up everything but computing, in so many bytes of `memory`, and reading the libraries on
    `path` (as `sys.path`) and what else is named `readable`.

    Raises `ConfigurationError` naming what this machine cannot hold; then nothing may be run.
    """
    if sys.platform != "linux":
        raise ConfigurationError("the code of strangers runs confined, and only on Linux")
    whole, names_only = _readable(path)
    for kind, bound in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_AS, _virtual_memory() + memory),
    ):
        resource.setrlimit(kind, (bound, bound))
    landlock.restrict([*whole, *readable], names_only)
    seccomp.restrict()


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return what to read questions from and write answers to; the standard streams lead nowhere
    from then on, so that a stray `print` cannot speak in our name."""
    questions, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    return os.fdopen(questions, "rb"), os.fdopen(answers, "wb")


def end_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the one that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)


def _virtual_memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _readable(path: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Return the folders to read, and those of which only the names may be seen.

    A folder made for packages is read whole. Of any other folder on the path, which may be
    somebody's working copy with keys beside the code, only what can be imported.
    """
    whole = [Path(name) for name in SYSTEM]
    whole += [Path(sys.prefix) / "lib", Path(sys.base_prefix) / "lib"]
    names_only = []
    for name in path:
        folder = Path(name)
        if folder.name in ("site-packages", "dist-packages") or folder.is_file():
            whole.append(folder)
        elif folder.is_dir() and not any(folder.is_relative_to(known) for known in whole):
            names_only.append(folder)
            whole += _importable(folder)
    return whole, names_only


def _importable(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        for entry in folder.iterdir():
            package = entry.is_dir() and (entry / "__init__.py").is_file()
            if package or entry.suffix in _MODULES or entry.name.endswith(".dist-info"):
                yield entry
