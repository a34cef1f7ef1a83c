"""Through a Safe, by emergency transactions that its owners signed beforehand, or by proposals that
they sign then.

The Safe has the protocol's role; anybody may send what its owners signed. Three traps. A signature
is for one nonce, and every other transaction of the Safe uses one up: sign for several, and anew in
time; the start's rehearsal says when none is left. What waits in the Safe's queue blocks nothing,
since only carrying out takes a nonce. And a signature that is not needed any more stays good until
its nonce is used: who has the file can brake, so nobody but its owner may read it, and after a
brake the nonces that are left over have to be used up.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import msgspec
from msgspec import Meta

from responders.adapters.base import NotNowError
from responders.adapters.calls import called, word
from responders.adapters.route import Route
from responders.chain import Call, Chain
from runtime.safe_transactions import SafeTransaction
from runtime.secrets import require_private
from schemas.errors import ConfigurationError
from schemas.units import Address, Count, Hex
from schemas.units import Chain as ChainName

MAX_FILE_BYTES = 4 * 1024 * 1024

ERRORS: Mapping[str, str] = MappingProxyType(
    {
        "GS013": "the target reverted",
        "GS020": "a transaction has fewer signatures than the Safe's threshold",
        "GS025": "the Safe's owner did not approve the hash",
        "GS026": "a signature is not by an owner, is out of order or for other terms",
    }
)
"""`Safe.sol`. It hides why a target reverted."""


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One transaction with its owners' signatures, in the order of their addresses."""

    to: Address
    data: Hex
    nonce: Count
    signatures: Hex


class Emergency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a Safe's owners signed beforehand: a JSON file."""

    chain: ChainName
    safe: Address
    transactions: Annotated[tuple[Signed, ...], Meta(max_length=4096)]


class SignedSafe(Route):
    """Makes calls that are signed already."""

    name = "through the Safe"
    errors = ERRORS

    def __init__(self, chain: Chain, emergency: Emergency) -> None:
        self._chain = chain
        self._safe = emergency.safe
        self._id = int(chain.name.rpartition(":")[2])
        self._signed = {(one.to, one.data, one.nonce): one for one in emergency.transactions}

    def wrapped(self, call: Call, action: str, block: int | None) -> Call:  # noqa: ARG002 - the Safe knows no names
        """Return the signed transaction of this call for the nonce that the Safe has."""
        nonce = self._nonce(block)
        signed = self._signed.get((call.to, call.data, -1 if nonce is None else nonce))
        if signed is None:
            raise NotNowError(self._lacking(call, nonce))
        transaction = SafeTransaction(self._id, self._safe, signed.to, signed.data, signed.nonce)
        return Call(self._safe, transaction.executed(signed.signatures), call.gas)

    def _nonce(self, block: int | None) -> int | None:
        return word(self._chain, self._safe, called("nonce()"), block)

    def _lacking(self, call: Call, nonce: int | None) -> str:
        have = sorted(one for to, data, one in self._signed if (to, data) == (call.to, call.data))
        told = ", ".join(map(str, have[:10])) or "none"
        return f"the Safe is at nonce {nonce}, and this call is signed for {told}: sign it anew"


class ProposedSafe(Route):
    """Puts calls before the Safe's owners, for the nonce that the Safe is at."""

    name = "by the Safe"
    errors = ERRORS
    proposes = True

    def __init__(self, chain: Chain, safe: str) -> None:
        self._chain = chain
        self._safe = safe
        self._id = int(chain.name.rpartition(":")[2])

    def wrapped(self, call: Call, action: str, block: int | None) -> Call:  # noqa: ARG002 - as any route
        """Raise: only the owners make it."""
        raise NotNowError("the call is put before the Safe's owners, who sign nothing beforehand")

    def rehearsed(
        self,
        call: Call,
        action: str,  # noqa: ARG002 - the Safe knows no names
        sender: str,  # noqa: ARG002 - the Safe calls
        block: int | None,  # noqa: ARG002 - its nonce is no matter here
    ) -> tuple[Call, str]:
        """Return the call, as the Safe makes it."""
        return call, self._safe

    def proposal(self, call: Call) -> SafeTransaction:
        """Return the transaction of the Safe that makes the call."""
        nonce = word(self._chain, self._safe, called("nonce()"), None)
        if nonce is None:
            raise NotNowError(f"{self._safe} does not tell its nonce: it is no Safe")
        return SafeTransaction(self._id, self._safe, call.to, call.data, nonce)


def route_of(chain: Chain, safe: str, folder: Path | None) -> SignedSafe | ProposedSafe:
    """Return the route by what is signed for a Safe: `<address>.json` in this folder; without a
    folder its owners are asked.

    Raises `ConfigurationError` when it is not there, others may read it, or it is for another.
    """
    if folder is None:
        return ProposedSafe(chain, safe)
    path = folder / f"{safe}.json"
    require_private(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise ConfigurationError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes")
        emergency = msgspec.json.decode(data, type=Emergency)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    if (emergency.chain, emergency.safe) != (chain.name, safe):
        raise ConfigurationError(f"{path}: is for {emergency.safe} on {emergency.chain}")
    return SignedSafe(chain, emergency)
