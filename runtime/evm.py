"""Nodes of an EVM chain over JSON-RPC: one connection, or several with failover."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import msgspec
import requests
from web3 import Web3
from web3.types import RPCEndpoint

from runtime.evm_providers import provider
from runtime.logs import without_credentials
from schemas.errors import ConfigurationError, PipelineError, TransientError

T = TypeVar("T")

_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, msgspec.MsgspecError)
"""What it provokes to read what a broken or hostile node answers."""

_LONGEST_MESSAGE = 500


def _as_it_is(answer: Any) -> Any:
    return answer


class NodeRefusalError(PipelineError):
    """The node understood the request and declined it: read why, then decide."""

    def __init__(self, method: str, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{method}: the node answers {message} ({code})")
        self.code = code
        self.message = message
        self.data = data


def connect(endpoint: str, timeout: float) -> Web3:
    """Return a connection to a node by the path of its IPC socket or its http(s):// address.

    `timeout` is in seconds, for each request. Nothing is sent yet. Raises `ConfigurationError` for
    any other kind of address.
    """
    return Web3(provider(endpoint, timeout))


class Endpoints:
    """Several nodes of one chain, asked one at a time: the next takes over when one fails.

    Guarantees: a node of another chain is never used; every request is answered, refused
    (`NodeRefusalError`) or fails on every node (`TransientError`).
    """

    def __init__(
        self,
        addresses: Sequence[str],
        timeout: float = 10.0,
        *,
        chain: str | None = None,
        fault: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take the addresses in order of preference; `chain` (CAIP-2) None: the first's chain.

        `fault` is told the address, without credentials, of each node that fails.
        """
        if not addresses:
            raise ConfigurationError("no node is configured: give at least one endpoint")
        self._nodes = [provider(address, timeout) for address in addresses]
        self._names = [without_credentials(address) for address in addresses]
        self._checked = [False] * len(addresses)
        self._chain = chain
        self._fault = fault
        self._current = 0

    @property
    def chain(self) -> str:
        """The chain that the nodes belong to, as CAIP-2."""
        if self._chain is None:
            self.ask("eth_chainId")
        return cast("str", self._chain)

    def ask(self, method: str, *parameters: Any, read: Callable[[Any], T] = _as_it_is) -> T:
        """Return what `read` makes of the node's answer, which JSON gave: quantities in
        hexadecimal, None for null. A node whose answer cannot be read has failed."""
        failures = []
        for _ in self._nodes:
            try:
                return read(self._ask(self._current, method, parameters))
            except (OSError, requests.RequestException, *_UNREADABLE) as error:
                name = self._names[self._current]
                self._fault(name)
                failures.append(f"{name}: {type(error).__name__}")
                self._checked[self._current] = False
                self._current = (self._current + 1) % len(self._nodes)
        raise TransientError(f"{method}: no node answers ({'; '.join(failures)})")

    def close(self) -> None:
        """Let go of every connection."""
        for node in self._nodes:
            node.close()

    def _ask(self, node: int, method: str, parameters: Sequence[Any]) -> Any:
        if not self._checked[node]:
            self._check(node)
        return self._request(node, method, parameters)

    def _check(self, node: int) -> None:
        chain = f"eip155:{int(self._request(node, 'eth_chainId', ()), 16)}"
        self._chain = self._chain or chain
        if chain != self._chain:
            raise ConfigurationError(
                f"{self._names[node]} is a node of {chain}, not of {self._chain}: correct the "
                f"endpoints"
            )
        self._checked[node] = True

    def _request(self, node: int, method: str, parameters: Sequence[Any]) -> Any:
        answer = self._nodes[node].make_request(RPCEndpoint(method), list(parameters))
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        if isinstance(error, str):
            raise NodeRefusalError(method, 0, error[:_LONGEST_MESSAGE])
        code, message = int(error.get("code") or 0), str(error.get("message") or "")
        raise NodeRefusalError(method, code, message[:_LONGEST_MESSAGE], error.get("data"))
