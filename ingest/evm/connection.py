"""One connection to one node: ask, subscribe, fail in few ways."""

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import ClientError, ClientResponseError
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint
from websockets.exceptions import WebSocketException

from ingest.evm.errors import BusyError, EndpointError, NoAnswerError, RefusedError
from ingest.evm.transport import Heard, Http, Persistent, provider
from runtime.logs import without_credentials

_TOO_MANY_REQUESTS = 429
_LIMIT_EXCEEDED = (-32005, _TOO_MANY_REQUESTS)
"""EIP-1474's code for it, and what some providers answer instead."""

_LONGEST_MESSAGE = 200
_FAILURES = (ClientError, Web3Exception, WebSocketException, OSError, ValueError, RecursionError)


def _ignore(_announced: Any) -> None:
    """Nobody subscribed on this connection."""


class Connection:
    """Connects when it is first used, and again after the connection broke.

    A request that is not answered in `seconds` fails; if nothing else came in meanwhile the
    connection counts as dead and is dropped, for a half-open one would fail them all. Errors
    name the endpoint without credentials.
    """

    def __init__(self, address: str, seconds: float, heard: Heard = _ignore) -> None:
        self.name = without_credentials(address)
        self._address = address
        self._seconds = seconds
        self._heard = heard
        self._provider: Persistent | Http | None = None
        self._opening = asyncio.Lock()

    @property
    def can_subscribe(self) -> bool:
        """Whether the node can announce things on a connection of this form."""
        return not self._address.startswith(("http://", "https://"))

    def twin(self, heard: Heard) -> "Connection":
        """Return another connection to the same node, for a subscription."""
        return Connection(self._address, self._seconds, heard)

    async def request(self, method: str, *params: Any) -> Any:
        """Ask the node and return its result, as JSON gives it.

        Raises `NoAnswerError`, `BusyError` or `RefusedError`.
        """
        try:
            asked = await self._open()
            received = asked.received if isinstance(asked, Persistent) else 0
            try:
                answer = await asked.make_request(RPCEndpoint(method), params)
            except TimeoutError:
                if isinstance(asked, Persistent) and asked.received == received:
                    await self._drop(asked)
                raise
        except _FAILURES as error:
            raise self._failure(method, error) from error
        return self._result(method, answer)

    async def _open(self) -> Persistent | Http:
        async with self._opening:
            current = self._provider
            if isinstance(current, Persistent) and current.ended.is_set():
                await self._drop(current)
            if self._provider is None:
                fresh = provider(self._address, heard=self._heard, seconds=self._seconds)
                async with asyncio.timeout(self._seconds):
                    await fresh.connect()
                self._provider = fresh
            return self._provider

    def _failure(self, method: str, error: Exception) -> EndpointError:
        # The errors' own texts may contain the address, and with it a key.
        if isinstance(error, ClientResponseError):
            if error.status == _TOO_MANY_REQUESTS:
                waiting = error.headers.get("Retry-After", "") if error.headers else ""
                return BusyError(
                    f"{self.name} answers 429 to {method}",
                    float(waiting) if waiting.isdigit() else None,
                )
            return NoAnswerError(f"{self.name} answers {error.status} to {method}")
        if isinstance(error, TimeoutError):
            return NoAnswerError(f"{self.name}: no answer to {method} in {self._seconds:g} s")
        return NoAnswerError(f"{self.name}: {method} failed with {type(error).__name__}")

    def _result(self, method: str, answer: Any) -> Any:
        if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
            raise NoAnswerError(f"{self.name}: the answer to {method} is not JSON-RPC")
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        code = error.get("code") if isinstance(error, dict) else None
        message = error.get("message") if isinstance(error, dict) else error
        text = f"{self.name} refused {method}: {str(message)[:_LONGEST_MESSAGE]} (code {code})"
        if code in _LIMIT_EXCEEDED:
            raise BusyError(text)
        raise RefusedError(text, code if isinstance(code, int) else None)

    async def ended(self, seconds: float) -> bool:
        """Wait up to `seconds` for the connection to break; say whether it did."""
        current = self._provider
        if not isinstance(current, Persistent):
            await asyncio.sleep(seconds)
            return current is None
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await current.ended.wait()
        return current.ended.is_set()

    async def close(self) -> None:
        """Let go; the next request connects again."""
        if self._provider is not None:
            await self._drop(self._provider)

    async def _drop(self, dropped: Persistent | Http) -> None:
        if self._provider is dropped:
            self._provider = None
        # Whatever ends a connection that is given up anyway is of no interest.
        with suppress(*_FAILURES, TimeoutError):
            async with asyncio.timeout(self._seconds):
                await dropped.disconnect()
