"""web3's connections, with an answer handed straight to the one who waits for it.

web3 keeps answers of a persistent connection in a cache and looks there in a loop that never rests;
on a small machine that takes from the node the time it needs to answer. Reconnecting is left to
the caller as well: web3 would do it by itself, but not subscribe again.
"""

import asyncio
import json
import sys
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import orjson
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from web3.exceptions import PersistentConnectionClosedOK
from web3.providers import AsyncHTTPProvider, AsyncIPCProvider, WebSocketProvider
from web3.providers.persistent import PersistentConnectionProvider
from web3.types import RPCEndpoint, RPCResponse

LARGEST_ANSWER = 256 * 1024 * 1024
"""Bytes; the traces of a full block take some tens of megabytes."""

_DEEPEST = 5_000
"""Python's recursion limit for an answer that is nested too deeply for orjson: a call tree of 1,024
frames, the deepest there is, is nested 2,048 levels. A thread's 8 MB of stack allow for more."""


class UnreadAnswerError(ValueError):
    """An answer is not read on; to who asked it is none, and the next node is asked."""


Heard = Callable[[Any], None]
"""Called with each thing a subscription announces, the moment it arrives."""


def decode(answer: bytes | bytearray | str) -> Any:
    """Read JSON of any depth that a call tree can have."""
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(answer)
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(_DEEPEST)
    try:
        return json.loads(answer)
    finally:
        sys.setrecursionlimit(usual)


class Persistent(PersistentConnectionProvider):
    """A connection that stays open, once, until it ends."""

    def __init__(self, *arguments: Any, heard: Heard, seconds: float, **options: Any) -> None:
        options |= {"request_timeout": seconds, "max_connection_retries": 1}
        super().__init__(*arguments, **options)
        self._heard = heard
        self._waiting: dict[Any, asyncio.Future[RPCResponse]] = {}
        self.ended = asyncio.Event()
        self.received = 0
        """Messages so far: how one tells a slow answer from a dead connection."""

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Send one request and wait for its answer."""
        if self.ended.is_set():
            raise ConnectionError("the connection was lost")
        request = self.form_request(method, params)
        answer = asyncio.get_running_loop().create_future()
        self._waiting[request["id"]] = answer
        try:
            async with asyncio.timeout(self.request_timeout):
                await self.socket_send(self.encode_rpc_dict(request))
                return cast("RPCResponse", await answer)
        finally:
            del self._waiting[request["id"]]

    async def socket_recv(self) -> RPCResponse:
        """Hand out messages until the connection ends."""
        try:
            while True:
                message = await self.next_message()
                self.received += 1
                self._dispatch(message)
        except Exception as error:
            raise PersistentConnectionClosedOK(user_message=type(error).__name__) from error
        finally:
            self.ended.set()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the connection was lost"))

    @abstractmethod
    async def next_message(self) -> Any:
        """Wait for a message and return it decoded."""

    def _dispatch(self, message: Any) -> None:
        if not isinstance(message, dict):
            return
        if message.get("method") == "eth_subscription":
            parameters = message.get("params")
            self._heard(parameters.get("result") if isinstance(parameters, dict) else None)
            return
        answer = self._waiting.get(message.get("id"))
        if answer is not None and not answer.done():
            answer.set_result(cast("RPCResponse", message))


class Ipc(Persistent, AsyncIPCProvider):
    """A node's socket on this machine."""

    def __init__(self, path: str, *, heard: Heard, seconds: float) -> None:
        super().__init__(path, LARGEST_ANSWER, heard=heard, seconds=seconds)

    @staticmethod
    def decode_rpc_response(raw_response: bytes) -> RPCResponse:
        """Read an answer."""
        return cast("RPCResponse", decode(raw_response))

    async def next_message(self) -> Any:
        """Read one line."""
        return await AsyncIPCProvider.socket_recv(self)


class WebSocket(Persistent, WebSocketProvider):
    """A WebSocket; a peer that answers no ping counts as gone."""

    def __init__(self, address: str, *, heard: Heard, seconds: float) -> None:
        limits = {
            "max_size": LARGEST_ANSWER,
            "open_timeout": seconds,
            "ping_interval": seconds,
            "ping_timeout": seconds,
        }
        super().__init__(address, limits, heard=heard, seconds=seconds)

    async def next_message(self) -> Any:
        """Read one message."""
        if self._ws is None:
            raise ConnectionError("not connected")
        return decode(await self._ws.recv(decode=False))


class Http(AsyncHTTPProvider):
    """HTTP with connections that are kept open; retrying is the caller's business.

    The session is ours: web3 makes another for a request that comes when its own was just closed,
    and nobody closes that one.
    """

    def __init__(self, address: str, *, seconds: float, largest: int = LARGEST_ANSWER) -> None:
        limit = {"timeout": ClientTimeout(total=seconds)}
        super().__init__(address, limit, exception_retry_configuration=None)
        self._largest = largest
        self._session: ClientSession | None = None

    async def connect(self) -> None:
        """Prepare a session; nothing is sent yet."""
        self._session = ClientSession(raise_for_status=True, connector=TCPConnector())

    async def disconnect(self) -> None:
        """Close the session: who waits fails, and who asks from now on."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Send one request and read its answer, of at most so many bytes once unpacked."""
        if self._session is None:
            raise ConnectionError("the connection was closed")
        request = self.encode_rpc_request(method, params)
        address, options = str(self.endpoint_uri), self.get_request_kwargs()
        async with self._session.post(address, data=request, **options) as answer:
            received = bytearray()
            async for part in answer.content.iter_any():
                received += part
                if len(received) > self._largest:
                    raise UnreadAnswerError(f"an answer of more than {self._largest} bytes")
        return cast("RPCResponse", decode(received))


def provider(address: str, *, heard: Heard, seconds: float) -> Persistent | Http:
    """Return what speaks to this address, not connected yet: by its form http(s), ws(s) or a path.

    `seconds` bounds every request.
    """
    if address.startswith(("http://", "https://")):
        return Http(address, seconds=seconds)
    if address.startswith(("ws://", "wss://")):
        return WebSocket(address, heard=heard, seconds=seconds)
    return Ipc(address, heard=heard, seconds=seconds)
