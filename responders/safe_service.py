"""The transaction service of a Safe: what waits there, and proposing more. Its HTTP API, version 2
(`safe-global/safe-transaction-service`).

A proposal gives nobody any power: the Safe's owners decide, and what they sign they compute from
the fields themselves. Still nothing that the service says is believed. What it has of our proposal
is read back and has to be what was sent, and answers are bounded in size and time. Only asked where
a person names it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Protocol

import httpx
import msgspec
from eth_utils.address import to_checksum_address
from msgspec import Meta

from runtime.safe_transactions import SafeTransaction
from schemas.errors import ConfigurationError, TransientError
from schemas.units import Count, Hash

MAX_BYTES = 4 * 1024 * 1024
SECONDS = 10.0
"""For one answer, all in all."""

MOST_QUEUED = 100
"""Of the transactions that wait, the first by nonce; a longer queue changes nothing for ours."""

WAITS = (1.0, 2.0, 4.0)
"""Seconds before a request is made again. All may be: a proposal is named by its content."""

_AGAIN = frozenset({408, 425, 429})
"""Refusals that may pass (RFC 9110, 6585, 8470); so may every answer from 500 on."""

_LONGEST_REASON = 300
_ORIGIN = "Firebreak"


class Proposer(Protocol):
    """Who puts proposals before owners: an owner, or better a delegate, who has no vote."""

    @property
    def address(self) -> str:
        """The account, in lower-case hexadecimal."""
        ...

    def sign_safe(self, transaction: SafeTransaction) -> str:
        """Return the signature of its `safeTxHash`: 65 bytes in hexadecimal."""
        ...


@dataclass(frozen=True, slots=True)
class Queued:
    """A transaction of the Safe that was not carried out yet."""

    nonce: int
    digest: str
    ready: bool
    """Whether enough owners signed it: anybody may carry it out at any moment."""


class _Confirmation(msgspec.Struct, frozen=True):
    owner: Annotated[str, Meta(max_length=42)]


class _Transaction(msgspec.Struct, frozen=True, rename="camel"):
    nonce: Count | Annotated[str, Meta(pattern="^[0-9]{1,78}$")]
    safe_tx_hash: Hash
    confirmations_required: Annotated[int, Meta(ge=0)] | None = None
    confirmations: Annotated[tuple[_Confirmation, ...], Meta(max_length=1000)] | None = None
    to: Annotated[str, Meta(max_length=42)] = ""
    value: Annotated[str, Meta(max_length=78)] = "0"
    data: str | None = None
    operation: int = 0

    @property
    def ready(self) -> bool:
        signed = {one.owner.lower() for one in self.confirmations or ()}
        needed = self.confirmations_required
        return needed is not None and len(signed) >= needed


class _Page(msgspec.Struct, frozen=True):
    results: Annotated[tuple[_Transaction, ...], Meta(max_length=MOST_QUEUED)]


class SafeService:
    """One service. Raises `TransientError` when it does not answer, or not in its format, and
    `ConfigurationError` with its reason for what it refuses."""

    def __init__(
        self,
        address: str,
        client: httpx.Client | None = None,
        wait: Callable[[float], object] = time.sleep,
        waits: tuple[float, ...] = WAITS,
        seconds: float = SECONDS,
    ) -> None:
        """`address` is what comes before `/api/`; after each of `waits`, in seconds, what may pass
        is tried again; `seconds` is how long one answer may take."""
        self._address = address.rstrip("/")
        self._client = client or httpx.Client(
            timeout=seconds, follow_redirects=False, trust_env=False
        )
        self._wait = wait
        self._waits = waits
        self._seconds = seconds

    def queued(self, safe: str, nonce: int) -> tuple[Queued, ...]:
        """Return what waits at this nonce or later."""
        where = f"/api/v2/safes/{to_checksum_address(safe)}/multisig-transactions/"
        asked = {
            "executed": "false",
            "nonce__gte": str(nonce),
            "ordering": "nonce",
            "limit": str(MOST_QUEUED),
        }
        body = self._answered("GET", where, params=asked)
        return tuple(
            Queued(int(one.nonce), one.safe_tx_hash, one.ready)
            for one in _read(body, _Page).results
        )

    def propose(self, transaction: SafeTransaction, proposer: Proposer) -> str:
        """Sign a transaction and put it before the Safe's owners, as `post` does."""
        return self.post(transaction, proposer.address, proposer.sign_safe(transaction))

    def post(self, transaction: SafeTransaction, sender: str, signature: str) -> str:
        """Put a transaction before the Safe's owners; return its hash, under which they find it.

        Raises `ConfigurationError` also when the service has something else under that hash.
        """
        content = transaction.proposal(sender, signature, _ORIGIN)
        where = f"/api/v2/safes/{to_checksum_address(transaction.safe)}/multisig-transactions/"
        self._answered("POST", where, content=msgspec.json.encode(content))
        digest = "0x" + transaction.digest.hex()
        there = _read(
            self._answered("GET", f"/api/v2/multisig-transactions/{digest}/"), _Transaction
        )
        said = (there.to.lower(), there.value, (there.data or "0x").lower(), there.operation)
        if (*said, int(there.nonce)) != (
            transaction.to,
            "0",
            transaction.data,
            0,
            transaction.nonce,
        ):
            raise ConfigurationError(f"the Safe's service shows something else under {digest}")
        return digest

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _answered(self, method: str, where: str, **request: Any) -> bytes:
        """Return the body of a good answer; try again what may pass."""
        reason = ""
        for wait in (*self._waits, None):
            try:
                status, body = self._asked(method, self._address + where, request)
            except httpx.HTTPError as error:
                reason = f"the Safe's service does not answer: {type(error).__name__}"
            except httpx.InvalidURL as error:
                raise ConfigurationError(f"the Safe's service: {error}") from error
            else:
                if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
                    return body
                reason = f"the Safe's service answers {status}: {_reason(body)}"
                if status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _AGAIN:
                    raise ConfigurationError(reason)
            if wait is None:
                break
            self._wait(wait)
        raise TransientError(reason)

    def _asked(self, method: str, url: str, request: Mapping[str, Any]) -> tuple[int, bytes]:
        headers = {"content-type": "application/json", "accept": "application/json"}
        until = time.monotonic() + self._seconds
        with self._client.stream(method, url, headers=headers, **request) as answer:
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MAX_BYTES:
                    raise TransientError(f"the Safe's service sends more than {MAX_BYTES:,} bytes")
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("its answer takes too long")
            return answer.status_code, body


def nonces(current: int, queue: tuple[Queued, ...], most: int) -> tuple[int, ...]:
    """Return for which nonces a brake is proposed, at most so many. Pure.

    The Safe's own first, whatever waits there: a Safe takes whichever transaction of a nonce has
    enough signatures first, so one that is stuck blocks nothing. Where another one there has enough
    already, it may use that nonce up at any moment; so the next is proposed as well, and so on.
    """
    ready = {one.nonce for one in queue if one.ready}
    found = [current]
    while found[-1] in ready and len(found) < most:
        found.append(found[-1] + 1)
    return tuple(found)


def _reason(body: bytes) -> str:
    """Return what the service says, fit for a terminal."""
    text = body[:_LONGEST_REASON].decode(errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in text) or "nothing"


def _read(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise TransientError(f"the Safe's service: {error}") from error
