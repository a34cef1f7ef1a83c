"""A private way to a block: a relay that shows a brake to nobody before it is mined."""

from contextlib import suppress
from typing import Any, Literal

import requests
from web3.types import RPCEndpoint

from responders.chain import Sending
from runtime.evm_providers import provider

RelayMethod = Literal["eth_sendRawTransaction", "eth_sendPrivateTransaction"]


class Relay:
    """One relay, asked in plain JSON-RPC.

    It is a stranger's: what it answers decides nothing but whether the public pool is next.
    """

    def __init__(self, endpoint: str, method: RelayMethod, blocks: int, timeout: float) -> None:
        """`blocks` is how long it alone has the brake; `timeout` is in seconds."""
        self._provider = provider(endpoint, timeout)
        self._method: RelayMethod = method
        self.blocks = blocks

    def close(self) -> None:
        """Let go of the connection."""
        self._provider.close()

    def send(self, raw: str, head: int) -> tuple[Sending, str]:
        """Hand over a signed transaction, seen at this head; return what became of it."""
        given: Any = raw
        if self._method == "eth_sendPrivateTransaction":
            given = {"tx": raw, "maxBlockNumber": hex(head + self.blocks)}
        words = "it does not answer"
        with suppress(OSError, requests.RequestException, ValueError, TypeError, AttributeError):
            answer = self._provider.make_request(RPCEndpoint(self._method), [given])
            error = answer.get("error")
            if error is None:
                return Sending.TAKEN, ""
            words = str(error)[:200]
        return Sending.REFUSED, words
