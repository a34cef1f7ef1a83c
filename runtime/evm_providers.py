"""How requests reach a node: over its IPC socket, or over HTTP.

web3.py's own IPC provider spins at full load until its timeout once the node has closed the socket,
and copies the whole answer for every 4 KB that arrive; ours ends at once and reads in one pass.
"""

import socket
import time
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import msgspec
import requests
from web3 import HTTPProvider, IPCProvider
from web3.types import RPCResponse

from runtime.logs import without_credentials
from schemas.errors import ConfigurationError

_CHUNK = 256 * 1024
_ENDINGS = b"}]"


class Ipc(IPCProvider):
    """Requests over a Unix socket; a lost connection is an `OSError` at once."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__(path)
        self._path = str(path.expanduser())
        self._seconds = timeout
        self._connection: socket.socket | None = None

    def _make_request(self, request: bytes) -> RPCResponse:
        with self._lock:
            try:
                return self._answer(self._sent(request + b"\n"))
            except BaseException:
                self._disconnect()  # a late answer must not be taken for the next one's
                raise

    def _sent(self, request: bytes) -> socket.socket:
        if self._connection is not None:
            try:
                self._connection.sendall(request)
            except ConnectionError:  # the node was restarted since
                self._disconnect()
            else:
                return self._connection
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.settimeout(self._seconds)
        self._connection.connect(self._path)
        self._connection.sendall(request)
        return self._connection

    def _answer(self, connection: socket.socket) -> RPCResponse:
        answer = bytearray()
        deadline = time.monotonic() + self._seconds
        while True:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            chunk = connection.recv(_CHUNK)
            if not chunk:
                raise ConnectionError("the node closed the connection")
            answer += chunk
            if chunk.rstrip()[-1:] in _ENDINGS:
                try:
                    return self.decode_rpc_response(bytes(answer))
                except msgspec.DecodeError:
                    continue  # an inner bracket happened to end the chunk

    def close(self) -> None:
        """Let go of the connection; the next request makes another."""
        with self._lock:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def decode_rpc_response(raw_response: bytes) -> RPCResponse:
        """Read an answer; whole numbers of any size stay exact."""
        return cast("RPCResponse", msgspec.json.decode(raw_response))


class Http(HTTPProvider):
    """Requests over HTTP, without web3's own retries: failover is ours."""

    def __init__(self, address: str, timeout: float) -> None:
        self._kept = requests.Session()
        super().__init__(
            address,
            request_kwargs={"timeout": timeout},
            session=self._kept,
            exception_retry_configuration=None,
        )

    def close(self) -> None:
        """Let go of the connections; the next request makes another."""
        self._kept.close()

    @staticmethod
    def decode_rpc_response(raw_response: bytes) -> RPCResponse:
        """Read an answer; whole numbers of any size stay exact."""
        return cast("RPCResponse", msgspec.json.decode(raw_response))


def provider(endpoint: str, timeout: float) -> Ipc | Http:
    """Return the provider for an IPC path or an http(s):// address, not connected yet.

    Raises `ConfigurationError` for any other kind of address.
    """
    scheme = urlsplit(endpoint).scheme
    if scheme in ("http", "https"):
        return Http(endpoint, timeout)
    if scheme in ("ws", "wss"):
        raise ConfigurationError(
            f"{without_credentials(endpoint)}: requests do not go over WebSocket; give the same "
            f"node's http:// address, or the path of its IPC socket if it runs on this machine"
        )
    if scheme:
        raise ConfigurationError(
            f"{without_credentials(endpoint)}: not a node's address; give the path of an IPC "
            f"socket or an http(s):// address"
        )
    return Ipc(Path(endpoint), timeout)
