"""TCP ports on this machine's loopback."""

import random
import socket
from collections.abc import Iterator
from pathlib import Path

from sandbox.process import command_line
from schemas.errors import ConfigurationError

HOST = "127.0.0.1"

_OURS = range(10_240, 32_768)
"""Above what is well known, below what systems give to connections (RFC 6056; Linux: 32,768 on)."""

_CHANCE = random.SystemRandom()

_LISTEN = "0A"
"""The state of a listening socket in the kernel's tables."""


def free_port() -> int:
    """Return a port that nobody listens on now, and that no connection is given by the system: it
    may take a while until somebody listens there."""
    while True:
        port = _CHANCE.choice(_OURS)
        if is_free(port):
            return port


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Say whether somebody accepts connections on this port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def require_free(port: int, what: str) -> None:
    """Raise `ConfigurationError` when `what` cannot have its port."""
    if not is_free(port):
        who = listener(port) or f"another program (`ss -ltnp 'sport = :{port}'` may show it)"
        raise ConfigurationError(
            f"{what} needs port {port} on {HOST}, but it is taken by {who}. End that, or choose "
            "another port."
        )


def listener(port: int) -> str | None:
    """Return who listens on a port, as `COMMAND LINE (pid N)`; None where that cannot be seen.

    Only Linux shows it, and only of the processes that we may look into.
    """
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        try:
            found = str(descriptor.readlink()) in sockets
        except OSError:  # it ended, or is another user's
            continue
        if found:
            pid = int(descriptor.parts[2])
            return f"{command_line(pid)} (pid {pid})"
    return None


def _listening_inodes(port: int) -> Iterator[str]:
    """Read the kernel's tables of sockets; their columns are in proc(5)."""
    for table in map(Path, ("/proc/net/tcp", "/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state, *rest = line.split()
            if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                yield rest[5]
