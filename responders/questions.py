"""What operators are asked before a broad brake, and who answered. Pure.

A question names the brake, its round and the contract that counts, and nothing that two who watch
by themselves could see differently: no alert, no incident.
"""

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from responders.transactions import ORDER
from schemas.consents import Consent
from schemas.units import Seconds

LONGEST = 3600
"""Seconds that the contract takes a word for, at most (`OperatorQuorum.MAX_VALIDITY`)."""

_CONSENT = [
    {"name": "target", "type": "address"},
    {"name": "data", "type": "bytes"},
    {"name": "round", "type": "uint256"},
    {"name": "expires", "type": "uint64"},
]
_PARITIES = (27, 28)


@dataclass(frozen=True, slots=True)
class Question:
    """May this call be made, in this round, by this quorum?"""

    chain_id: int
    quorum: str
    target: str
    calldata: str
    round: int

    @classmethod
    def of(cls, given: Consent) -> "Question":
        """Return what a word says it answers. Raises `ValueError` for a chain without a number."""
        chain_id = int(given.chain.rpartition(":")[2])
        return cls(chain_id, given.quorum, given.target, given.calldata, given.round)

    def message(self, expires: Seconds) -> SignableMessage:
        """Return what is signed."""
        domain = {
            "name": "Firebreak OperatorQuorum",
            "version": "1",
            "chainId": self.chain_id,
            "verifyingContract": self.quorum,
        }
        content: dict[str, Any] = {
            "target": self.target,
            "data": bytes.fromhex(self.calldata[2:]),
            "round": self.round,
            "expires": expires,
        }
        return encode_typed_data(domain, {"Consent": _CONSENT}, content)

    def digest(self, expires: Seconds) -> bytes:
        """Return the 32 bytes that are signed (EIP-712)."""
        signable = self.message(expires)
        return bytes(keccak(b"\x19" + signable.version + signable.header + signable.body))


def author(question: Question, given: Consent) -> str | None:
    """Return who said yes to this question; None when nobody can be told from it."""
    return signed_by(question, given.expires, given.signature)


def signed_by(question: Question, expires: Seconds, signature: str) -> str | None:
    """Return whose signature of a yes this is, in lower case; None when it is nobody's.

    As strict as the contract: what it would refuse (a high `s`, another parity) must not be counted
    here, or one operator could keep the others waiting for a brake that never comes.
    """
    try:
        raw = bytes.fromhex(signature[2:])
        if raw[64] not in _PARITIES or not 0 < int.from_bytes(raw[32:64]) <= ORDER // 2:
            return None
        found = Account.recover_message(question.message(expires), signature=raw)
    except (ValueError, TypeError, IndexError, BadSignature, ValidationError):
        return None
    return str(found).lower()
