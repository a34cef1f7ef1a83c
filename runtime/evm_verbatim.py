"""Requests to a node and its answers as bytes, exactly as they travelled, bounded in size and time.

For evidence: what a node answered has to be kept as it was, before anybody read it.
"""

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import requests

from runtime.logs import without_credentials
from schemas.errors import ConfigurationError, PipelineError

_CHUNK = 256 * 1024
_ENDINGS = b"}]"


class AnswerTooLargeError(PipelineError):
    """The answer is larger than what was asked to be kept: ask for less."""


class Verbatim:
    """One node, by its http(s):// address or the path of its IPC socket."""

    def __init__(self, address: str, seconds: float) -> None:
        """`seconds` is the longest that one answer may take.

        Raises `ConfigurationError` for any other kind of address.
        """
        scheme = urlsplit(address).scheme
        if scheme not in ("", "http", "https"):
            raise ConfigurationError(
                f"{without_credentials(address)}: evidence is asked for over http(s):// or over "
                f"the path of an IPC socket"
            )
        self.name = without_credentials(address)
        self._address = address
        self._seconds = seconds
        self._session = requests.Session() if scheme else None

    def exchange(self, request: bytes, most: int) -> bytes:
        """Send a request and return the bytes of the answer, at most `most` of them.

        Raises `AnswerTooLargeError`, and `OSError` or `requests.RequestException` when there is no
        answer in time.
        """
        deadline = time.monotonic() + self._seconds
        if self._session is None:
            return self._over_ipc(request, most, deadline)
        return self._over_http(self._session, request, most, deadline)

    def close(self) -> None:
        """Let go of the connection."""
        if self._session is not None:
            self._session.close()

    def _over_http(
        self, session: requests.Session, request: bytes, most: int, deadline: float
    ) -> bytes:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        answer = bytearray()
        with session.post(
            self._address, data=request, headers=headers, timeout=self._seconds, stream=True
        ) as response:
            for chunk in response.iter_content(_CHUNK):
                answer += chunk
                self._require(len(answer), most, deadline)
        return bytes(answer)

    def _over_ipc(self, request: bytes, most: int, deadline: float) -> bytes:
        answer = bytearray()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(self._seconds)
            connection.connect(str(Path(self._address).expanduser()))
            connection.sendall(request + b"\n")
            while True:
                connection.settimeout(max(0.001, deadline - time.monotonic()))
                chunk = connection.recv(_CHUNK)
                if not chunk:
                    raise ConnectionError("the node closed the connection")
                answer += chunk
                self._require(len(answer), most, deadline)
                if answer.rstrip()[-1:] in _ENDINGS and _whole(bytes(answer)):
                    return bytes(answer)

    def _require(self, size: int, most: int, deadline: float) -> None:
        if size > most:
            raise AnswerTooLargeError(f"{self.name}: the answer is larger than {most:,} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError(f"no whole answer within {self._seconds:g} s")


def _whole(answer: bytes) -> bool:
    """Say whether these bytes are a whole JSON text; an inner bracket may end a chunk as well."""
    try:
        msgspec.json.decode(answer, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True
