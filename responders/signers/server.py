"""The signer process: answers over its socket, for the one user it serves (`desks.py` signs).

The socket has mode 0600, and the kernel says who is at the other end (SO_PEERCRED), so neither a
lax folder nor a handed-over file makes it serve another user.
"""

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from responders.signers.desks import Desk
from responders.signers.wire import (
    PATIENCE,
    Begun,
    Configure,
    Refusal,
    WireError,
    receive_question,
    send,
)
from runtime.logs import logger
from schemas.errors import ConfigurationError

_log = logger(__name__)

MAX_CONNECTIONS = 8
"""At a time; a policy process needs one."""

_TURN = 0.2
_CREDENTIALS = struct.Struct("3i")
"""Linux' struct ucred: pid, uid, gid."""


@contextmanager
def listening(path: Path, client_uid: int) -> Iterator[socket.socket]:
    """Open the socket for one user, and remove it at the end.

    Raises `ConfigurationError` if another signer has it, or its folder lets others replace it.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        raise ConfigurationError("a signer process needs Linux, whose sockets say who asks")
    try:
        if path.parent.stat().st_mode & 0o022:
            raise ConfigurationError(
                f"{path.parent} lets others replace the socket: chmod go-w {path.parent}"
            )
        _remove_left_over(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            before = os.umask(0o177)
            try:
                listener.bind(str(path))
            finally:
                os.umask(before)
            if client_uid != os.geteuid():
                os.chown(path, client_uid, -1)
            listener.listen(MAX_CONNECTIONS)
            listener.settimeout(_TURN)
            try:
                yield listener
            finally:
                with suppress(OSError):
                    path.unlink()
    except OSError as error:
        raise ConfigurationError(f"signer.socket: {path}: {error.strerror or error}") from error


def _remove_left_over(path: Path) -> None:
    if not path.is_socket():
        return  # binding says what is in the way
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        try:
            other.connect(str(path))
        except OSError:
            path.unlink()
            return
    raise ConfigurationError(f"another signer listens on {path}")


def serve(
    listener: socket.socket,
    desk: Desk,
    client_uid: int,
    stop: threading.Event,
    beat: Callable[[], None] = lambda: None,
    begun: Begun | None = None,
) -> None:
    """Answer until told to stop; who is not the client gets no answer. `begun` is what it says that
    it began with; without it, it does not say."""
    room = threading.BoundedSemaphore(MAX_CONNECTIONS)
    while not stop.is_set():
        beat()
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        if not room.acquire(blocking=False):
            connection.close()
            continue
        threading.Thread(
            target=_attend,
            args=(connection, desk, client_uid, room, begun),
            name="client",
            daemon=True,
        ).start()


def _attend(
    connection: socket.socket,
    desk: Desk,
    client_uid: int,
    room: threading.Semaphore,
    begun: Begun | None,
) -> None:
    with connection:
        try:
            connection.settimeout(PATIENCE)
            pid, uid, _ = _CREDENTIALS.unpack(
                connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )
            if uid != client_uid:
                _log.error("stranger", uid=uid, pid=pid)
                return
            asked = receive_question(connection)
            if isinstance(asked, Configure):
                send(connection, begun or Refusal("with what it began is not said"))
            else:
                send(connection, desk.answer(asked))
        except (OSError, WireError) as error:
            _log.warning("client_lost", error=str(error))
        finally:
            room.release()  # before the client is let go, who may be back at once
