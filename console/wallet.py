"""Signing in with a wallet: EIP-4361 ("Sign-In with Ethereum"). Pure.

The console writes the whole message and remembers it; what is signed has to be that message and no
other. So domain, address, chain, nonce and times are those that the console chose, and a signature
that was got for another site, or got before, fits none that it waits for.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.exceptions import ValidationError

from schemas.errors import PoisonRecordError

CHALLENGE_SECONDS = 300
"""How long somebody may take to sign."""

STATEMENT = "Sign in to the Firebreak console. This sends nothing and costs nothing."

_UNREADABLE = (BadSignature, ValidationError, ValueError, TypeError)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A message that one browser was asked to have signed, once."""

    address: str
    chain: str
    text: str
    expires: int
    """In seconds since 1970."""


def challenge(url: str, address: str, chain: str, now: int) -> Challenge:
    """Return what an account has to sign to sign in at `url`; `now` in seconds since 1970.

    Raises `PoisonRecordError` for what is no address.
    """
    try:
        shown = to_checksum_address(address)
        number = int(chain.removeprefix("eip155:"))
    except _UNREADABLE as error:
        raise PoisonRecordError(f"no address of an EVM account: {address[:60]!r}") from error
    expires = now + CHALLENGE_SECONDS
    domain = url.partition("://")[2]
    text = "\n".join(
        (
            f"{domain} wants you to sign in with your Ethereum account:",
            shown,
            "",
            STATEMENT,
            "",
            f"URI: {url}/login",
            "Version: 1",
            f"Chain ID: {number}",
            f"Nonce: {secrets.token_hex(16)}",
            f"Issued At: {_moment(now)}",
            f"Expiration Time: {_moment(expires)}",
        )
    )
    return Challenge(shown.lower(), chain, text, expires)


def check(asked: Challenge, signature: str, now: int) -> None:
    """Raise `PoisonRecordError` unless this is the account's signature of the message, in time."""
    if now > asked.expires:
        raise PoisonRecordError("the message expired before it was signed: ask for another")
    try:
        raw = bytes.fromhex(signature.strip().removeprefix("0x"))
        if len(raw) != 65:
            raise ValueError("not 65 bytes")
        signer = str(Account.recover_message(encode_defunct(text=asked.text), signature=raw))
    except _UNREADABLE as error:
        raise PoisonRecordError(f"no signature of a wallet: {error}"[:300]) from error
    if signer.lower() != asked.address:
        raise PoisonRecordError("another account, or another message, was signed")


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
