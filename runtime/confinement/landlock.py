"""Which files a confined process may read: named folders, nothing else, and it may change none.

Landlock (Linux 5.13) lets a process without any privilege give up the rest of the file system for
itself and for good; the kernel's Documentation/userspace-api/landlock.rst. It also hides the memory
and environment of every process outside.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from schemas.errors import ConfigurationError

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""System calls, the same on every architecture."""
_GET_VERSION, _BENEATH = 1, 1
_EXECUTE, _READ_FILE, _READ_FOLDER = 1, 1 << 2, 1 << 3
_FIRST_RIGHTS = (1 << 13) - 1
_ADDED_RIGHTS = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""By the version that brought them: link across folders, truncate, device commands."""
_PR_SET_NO_NEW_PRIVS = 38


def restrict(
    whole: Iterable[Path], names_only: Iterable[Path] = (), programs: Iterable[Path] = ()
) -> None:
    """Allow reading below `whole`, listing below `names_only`, running what lies below `programs`;
    refuse everything else.

    Paths that do not exist are passed over. Raises `ConfigurationError` where the kernel does not
    have it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_GET_VERSION))
    if version < 1:
        raise ConfigurationError(
            "this kernel has no Landlock, so files cannot be kept from a stranger's code"
        )
    handled = _FIRST_RIGHTS
    for since, right in _ADDED_RIGHTS.items():
        handled |= right if version >= since else 0
    rules = struct.pack("=Q", handled)
    ruleset = libc.syscall(_CREATE, rules, ctypes.c_size_t(len(rules)), ctypes.c_uint32(0))
    if ruleset < 0:
        raise _refused()
    try:
        for path in whole:
            _allow(libc, ruleset, path, _READ_FILE | _READ_FOLDER)
        for path in names_only:
            _allow(libc, ruleset, path, _READ_FOLDER)
        for path in programs:
            _allow(libc, ruleset, path, _READ_FILE | _READ_FOLDER | _EXECUTE)
        zero = ctypes.c_ulong(0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero)
        if libc.syscall(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0)) != 0:
            raise _refused()
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if path.is_dir() else rights & ~_READ_FOLDER
        rule = struct.pack("=Qi", allowed, beneath)
        done = libc.syscall(_ADD, ctypes.c_int(ruleset), _BENEATH, rule, ctypes.c_uint32(0))
        if done != 0:
            raise _refused()
    finally:
        os.close(beneath)


def _refused() -> ConfigurationError:
    return ConfigurationError(f"Landlock refuses: {os.strerror(ctypes.get_errno())}")
