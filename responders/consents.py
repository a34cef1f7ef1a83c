"""The words of independent operators that a broad brake be pulled, for `OperatorQuorum`. Pure.

An operator whose own responder decided on the brake signs (EIP-712) target, calldata, round and a
time of expiry. Any of them who has heard k sends the transaction; the contract checks it all again.
The words carry their own proof, so they may come over a topic or by HTTP, from anybody, in any
order, twice: what is not an operator's word on this brake in this round is not counted.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from msgspec import Meta

from responders.chain import Call
from responders.reverts import selector
from schemas.base import Part
from schemas.units import Seconds

VALID_FOR = 1800
"""Seconds from block time on. The contract takes no word that is valid for more than an hour."""

GAS = 700_000
"""For a flag, and for checking the words of 32 operators."""

_BRAKE = selector("brake(address,bytes,(uint64,bytes)[])")
_CONSENT = [
    {"name": "target", "type": "address"},
    {"name": "data", "type": "bytes"},
    {"name": "round", "type": "uint256"},
    {"name": "expires", "type": "uint64"},
]
_SIGNATURE = r"^0x[0-9a-f]{130}$"


@dataclass(frozen=True, slots=True)
class Question:
    """What operators are asked: may this call be made, in this round, by this quorum?"""

    chain_id: int
    quorum: str
    target: str
    calldata: str
    round: int

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


class Consent(Part, frozen=True, kw_only=True, tag="consent"):
    """One operator's word, as it travels."""

    expires: Seconds
    signature: Annotated[str, Meta(pattern=_SIGNATURE)]


def consent(question: Question, key: bytes, now: Seconds) -> Consent:
    """Return an operator's yes, given at block time `now`."""
    expires = now + VALID_FOR
    signed = Account.sign_message(question.message(expires), key)
    return Consent(expires=expires, signature="0x" + bytes(signed.signature).hex())


def author(question: Question, given: Consent) -> str | None:
    """Return who said yes to this question, in lower case; None when nobody can be told from it."""
    try:
        found = Account.recover_message(
            question.message(given.expires), signature=bytes.fromhex(given.signature[2:])
        )
    except (ValueError, TypeError, BadSignature, ValidationError):
        return None
    return str(found).lower()


def enough(
    question: Question,
    given: Iterable[Consent],
    operators: Container[str],
    threshold: int,
    now: Seconds,
) -> tuple[Consent, ...]:
    """Return the words of `threshold` different operators that are valid at block time `now`, in
    the order in which the contract takes them; nothing while there are fewer.

    Of one operator the word that is valid for longest counts.
    """
    latest: dict[str, Consent] = {}
    for one in given:
        if not now < one.expires <= now + 2 * VALID_FOR:
            continue
        who = author(question, one)
        if who in operators and (who not in latest or latest[who].expires < one.expires):
            latest[str(who)] = one
    if len(latest) < threshold:
        return ()
    return tuple(latest[who] for who in sorted(latest)[:threshold])


def braking(question: Question, consents: Iterable[Consent]) -> Call:
    """Return the message by which anybody pulls the brake, on these words."""
    words = [(one.expires, bytes.fromhex(one.signature[2:])) for one in consents]
    arguments = encode(
        ["address", "bytes", "(uint64,bytes)[]"],
        [question.target, bytes.fromhex(question.calldata[2:]), words],
    )
    return Call(question.quorum, _BRAKE + arguments.hex(), GAS)


def decode_consent(data: bytes) -> Consent:
    """Read a word off the wire. Raises `msgspec.MsgspecError` for anything else."""
    return msgspec.json.decode(data, type=Consent)
