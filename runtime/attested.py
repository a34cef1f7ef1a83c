"""What people say with a wallet, as EIP-712 typed data: made here, and checked by whoever reads it.

The domain names Firebreak and the case's chain, so that a signature is of no use anywhere else. The
typed data holds every word of the statement; a proposal's calls are in it byte for byte.
"""

from typing import Any, TypeVar

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from msgspec.structs import replace

from schemas.decisions import Answer, Proposal, Voice
from schemas.errors import PoisonRecordError
from schemas.ids import content_id
from schemas.incidents import Acknowledgement

Statement = Proposal | Answer | Acknowledgement
S = TypeVar("S", bound=Statement)

WALLET = "eip155:"
"""What the account of a wallet begins with; `eip155:CHAIN:ADDRESS`."""

_UNREADABLE = (BadSignature, ValidationError, ValueError, TypeError)

_DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
]
_CALL = [
    {"name": "to", "type": "address"},
    {"name": "function", "type": "string"},
    {"name": "data", "type": "bytes"},
]
_PROPOSAL = [
    {"name": "incident", "type": "bytes32"},
    {"name": "protocol", "type": "string"},
    {"name": "matter", "type": "string"},
    {"name": "reason", "type": "string"},
    {"name": "calls", "type": "Call[]"},
    {"name": "staged", "type": "bytes32"},
    {"name": "person", "type": "string"},
    {"name": "time", "type": "uint64"},
    {"name": "expires", "type": "uint64"},
]
_ANSWER = [
    {"name": "incident", "type": "bytes32"},
    {"name": "protocol", "type": "string"},
    {"name": "proposal", "type": "bytes32"},
    {"name": "verdict", "type": "string"},
    {"name": "reason", "type": "string"},
    {"name": "person", "type": "string"},
    {"name": "time", "type": "uint64"},
]
_ACKNOWLEDGEMENT = [
    {"name": "incident", "type": "bytes32"},
    {"name": "protocol", "type": "string"},
    {"name": "severity", "type": "string"},
    {"name": "reason", "type": "string"},
    {"name": "person", "type": "string"},
    {"name": "time", "type": "uint64"},
]
_NOTHING = "0x" + "00" * 32


def voice_of(statement: Statement) -> Voice:
    """Return whose word it is. Raises `PoisonRecordError` for an acknowledgement that an older
    version wrote, or that names two people."""
    if not isinstance(statement, Acknowledgement):
        return statement.by
    if statement.said is None or statement.said.person != statement.by:
        raise PoisonRecordError("it does not tell by whom it was said")
    return statement.said


def with_signature(statement: S, signature: str) -> S:
    """Return a statement with a signature that nobody has checked."""
    voice = replace(voice_of(statement), signature=signature)
    name = "said" if isinstance(statement, Acknowledgement) else "by"
    return replace(statement, **{name: voice})


def named(statement: S) -> S:
    """Return a statement under the id that its words give it, whoever's signature it carries."""
    by = voice_of(statement)
    said = (statement.incident, by.person, by.account, by.time)
    match statement:
        case Proposal():
            name = content_id(
                "proposal",
                *said,
                statement.matter,
                statement.words,
                statement.expires,
                statement.staged or "",
                *(part for one in statement.calls for part in (one.to, one.function, one.calldata)),
            )
        case Answer():
            name = content_id(
                "answer", *said, statement.proposal, statement.verdict, statement.words
            )
        case _:
            name = content_id("acknowledgement", *said, statement.severity, statement.words)
    return replace(statement, id=name)


def typed(statement: Statement) -> dict[str, Any]:
    """Return what a wallet signs (`eth_signTypedData_v4`)."""
    by = voice_of(statement)
    message: dict[str, Any] = {
        "incident": "0x" + statement.incident,
        "protocol": statement.protocol,
        "reason": statement.words,
        "person": by.person,
        "time": by.time,
    }
    match statement:
        case Proposal():
            message |= {
                "matter": statement.matter,
                "calls": [
                    {"to": one.to, "function": one.function, "data": one.calldata}
                    for one in statement.calls
                ],
                "staged": statement.staged or _NOTHING,
                "expires": statement.expires,
            }
            types: dict[str, Any] = {"Proposal": _PROPOSAL, "Call": _CALL}
        case Answer():
            message |= {"proposal": "0x" + statement.proposal, "verdict": statement.verdict}
            types = {"Answer": _ANSWER}
        case _:
            message["severity"] = statement.severity
            types = {"Acknowledgement": _ACKNOWLEDGEMENT}
    return {
        "types": {"EIP712Domain": _DOMAIN, **types},
        "primaryType": next(iter(types)),
        "domain": {"name": "Firebreak", "version": "1", "chainId": _chain_id(statement.chain)},
        "message": message,
    }


def signed(statement: S, signature: str) -> S:
    """Return the statement with a wallet's signature. Raises `PoisonRecordError` unless it is the
    one of the account that it names."""
    found = with_signature(statement, signature.lower())
    require(found)
    return found


def require(statement: Statement) -> None:
    """Raise `PoisonRecordError` for a statement under a wrong id, or one that names a wallet and is
    not signed by it. What was said without a wallet rests on the word of who published it, and so
    does an acknowledgement of an older version, which tells nothing of that."""
    if isinstance(statement, Acknowledgement) and statement.said is None:
        return
    if named(statement).id != statement.id:
        raise PoisonRecordError("its id is not the one of its words")
    by = voice_of(statement)
    if not by.account.startswith(WALLET):
        return
    try:
        raw = bytes.fromhex(by.signature.removeprefix("0x"))
        if len(raw) != 65 or raw[64] not in (27, 28):
            raise ValueError("not 65 bytes ending in 27 or 28")
        message = encode_typed_data(full_message=typed(statement))
        signer = str(Account.recover_message(message, signature=raw)).lower()
    except _UNREADABLE as error:
        raise PoisonRecordError(f"no signature of a wallet: {error}"[:300]) from error
    if signer != by.account.rpartition(":")[2]:
        raise PoisonRecordError(f"signed by {signer}, said to be by {by.account}")


def _chain_id(chain: str) -> int:
    number = chain.rpartition(":")[2]
    if not number.isdigit():
        raise PoisonRecordError(f"{chain[:90]}: a wallet signs for EVM chains only")
    return int(number)
