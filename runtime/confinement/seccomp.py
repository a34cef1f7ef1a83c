"""Which system calls a confined process may make: computing, memory, reading files. Nothing else.

A list of what is allowed, not of what is forbidden: a call that a kernel gains tomorrow is refused
without our doing. A refused call fails with EPERM, so that code which only tried goes on. The
filter is a classic BPF program over `struct seccomp_data` (nr, arch, instruction pointer, six
arguments), see the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

import ctypes
import os
import platform
import signal
import struct
from dataclasses import dataclass

from schemas.errors import ConfigurationError

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | 1
"""SECCOMP_RET_ERRNO with EPERM."""
_KILL = 0x80000000
"""SECCOMP_RET_KILL_PROCESS: a call of another architecture, which the numbers here do not name."""

_X32 = 0x40000000
"""From this number on x86-64 calls belong to the x32 ABI."""

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True)
class _Machine:
    """An architecture's name for the kernel and its call numbers."""

    audit: int
    plain: tuple[int, ...]
    """Allowed whatever their arguments."""
    open: tuple[tuple[int, int], ...]
    """(call, position of its flags): allowed for reading."""
    begin: tuple[int, ...]
    """What it takes to become another program, and what that one does before it begins."""
    tgkill: int
    prlimit: int
    sigaction: int


# read readv pread64 write writev close close_range fstat newfstatat stat lstat statx lseek mmap
# mprotect munmap mremap madvise brk mincore rt_sigprocmask rt_sigreturn sigaltstack access
# faccessat faccessat2 readlink readlinkat getcwd getdents64 dup fcntl futex getpid getppid gettid
# getuid geteuid getgid getegid clock_gettime clock_getres gettimeofday time getrandom uname sysinfo
# sched_getaffinity sched_yield getrusage times exit exit_group restart_syscall membarrier rseq
# set_robust_list getrlimit getcpu statfs fstatfs
_X86_64 = _Machine(
    audit=0xC000003E,
    plain=(
        0, 19, 17, 1, 20, 3, 436, 5, 262, 4, 6, 332, 8, 9, 10, 11, 25, 28, 12, 27, 14, 15, 131, 21,
        269, 439, 89, 267, 79, 217, 32, 72, 202, 39, 110, 186, 102, 107, 104, 108, 228, 229, 96,
        201, 318, 63, 99, 204, 24, 98, 100, 60, 231, 219, 324, 334, 273, 97, 309, 137, 138,
    ),
    open=((2, 1), (257, 2)),
    begin=(59, 158, 218, 16),  # execve arch_prctl set_tid_address ioctl
    tgkill=234,
    prlimit=302,
    sigaction=13,
)  # fmt: skip
_ARM64 = _Machine(
    audit=0xC00000B7,
    plain=(
        63, 65, 67, 64, 66, 57, 436, 80, 79, 291, 62, 222, 226, 215, 216, 233, 214, 232, 135, 139,
        132, 48, 439, 78, 17, 61, 23, 25, 98, 172, 173, 178, 174, 175, 176, 177, 113, 114, 169, 278,
        160, 179, 123, 124, 165, 153, 93, 94, 128, 283, 293, 99, 163, 168, 43, 44,
    ),
    open=((56, 2),),
    begin=(221, 96, 29),  # execve set_tid_address ioctl
    tgkill=131,
    prlimit=261,
    sigaction=134,
)  # fmt: skip
_MACHINES = {"x86_64": _X86_64, "aarch64": _ARM64, "arm64": _ARM64}

_Step = tuple[int, int, int, int]


def restrict(*, become: bool = False) -> None:
    """Give up every system call but those named here, for this process and for good; `become`: it
    may still become another program, which keeps to the same list.

    Raises `ConfigurationError` where the kernel or the architecture does not have that.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise ConfigurationError(f"no system-call filter is known for {platform.machine()}")
    steps = _program(machine, os.getpid(), machine.begin if become else ())
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HxxxxxxP", len(steps), ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0:
        raise _refused("no_new_privs")
    pointer = ctypes.create_string_buffer(program, len(program))
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), pointer, zero, zero) != 0:
        raise _refused("a system-call filter")


def _refused(what: str) -> ConfigurationError:
    reason = os.strerror(ctypes.get_errno())
    return ConfigurationError(f"this machine does not let a process have {what}: {reason}")


def _program(machine: _Machine, pid: int, more: tuple[int, ...]) -> list[_Step]:
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine is _X86_64:
        steps += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    for call, flags in machine.open:
        steps += _unless(call, _argument(flags), (_ANY_BIT, 0, 1, _WRITING))
    # It may abort itself, which is how libraries end; it may signal nobody else.
    steps += _unless(machine.tgkill, _argument(0), (_EQUAL, 1, 0, pid))
    # It may look at its limits: the third argument, the new limit, is a null pointer then.
    low, high = _argument(2), _argument(2) + 4
    steps += [
        (_EQUAL, 0, 6, machine.prlimit),
        (_LOAD, 0, 0, low),
        (_EQUAL, 0, 3, 0),
        (_LOAD, 0, 0, high),
        (_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    # It may not take the signal with which the kernel says that its time is up.
    steps += _unless(machine.sigaction, _argument(0), (_EQUAL, 0, 1, int(signal.SIGXCPU)))
    for call in (*machine.plain, *more):
        steps += [(_EQUAL, 0, 1, call), (_RETURN, 0, 0, _ALLOW)]
    return [*steps, (_RETURN, 0, 0, _REFUSE)]


def _argument(position: int) -> int:
    """Return where the low half of an argument lies; both architectures are little-endian."""
    return _ARGUMENTS + 8 * position


def _unless(call: int, argument: int, test: _Step) -> list[_Step]:
    """Allow a call unless `test` of the argument goes to the step that follows it."""
    return [
        (_EQUAL, 0, 4, call),
        (_LOAD, 0, 0, argument),
        test,
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
