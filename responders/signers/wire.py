"""What the policy process and the signer process say to each other: one question, one answer.

A frame is its length in four bytes, big-endian, and that much JSON. Both sides bound what they read
and how long they wait for all of it, however it trickles.
"""

import socket
import struct
import time
from typing import Annotated

import msgspec

from schemas.signals import Signal

MAX_FRAME_BYTES = 64 * 1024
PATIENCE = 5.0
"""Seconds that either side waits for the other."""

_LENGTH = struct.Struct(">I")
_Amount = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Address = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{40}$")]
_Setting = Annotated[str, msgspec.Meta(pattern="^signer\\.[a-z_]{1,64}$")]
_Value = Annotated[str, msgspec.Meta(max_length=4096, pattern="^[^\\x00-\\x1f\\x7f]*$")]
_Data = Annotated[str, msgspec.Meta(pattern="^0x(?:[0-9a-fA-F]{2})*$", max_length=32 * 1024)]


class WireError(Exception):
    """The other side did not keep to the protocol; the connection is of no more use."""


class Describe(msgspec.Struct, frozen=True, tag="describe", forbid_unknown_fields=True):
    """Who are you?"""


class Sign(msgspec.Struct, frozen=True, tag="sign", forbid_unknown_fields=True):
    """Sign this transaction; fees in wei per gas. There is no field for value."""

    to: _Address
    data: _Data
    gas: _Amount
    nonce: _Amount
    ceiling: _Amount
    tip: _Amount


class Attest(msgspec.Struct, frozen=True, tag="attest", forbid_unknown_fields=True):
    """Say yes to this question of operators, until a time in seconds since 1970."""

    quorum: _Address
    target: _Address
    data: _Data
    round: _Amount
    expires: _Amount


class State(msgspec.Struct, frozen=True, tag="state", forbid_unknown_fields=True):
    """Sign this warning to neighbours; the signature within it is a placeholder."""

    signal: Signal


class Propose(msgspec.Struct, frozen=True, tag="propose", forbid_unknown_fields=True):
    """Sign this transaction of a Safe, to be put before its owners. There is no field for value,
    delegatecall or refund."""

    safe: _Address
    to: _Address
    data: _Data
    nonce: _Amount


class Configure(msgspec.Struct, frozen=True, tag="configure", forbid_unknown_fields=True):
    """With what did you begin?"""


class Begun(msgspec.Struct, frozen=True, tag="begun", forbid_unknown_fields=True):
    """With what it began; no secret is among the settings."""

    version: Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z.+!-]{1,64}$")]
    """Of the program."""
    settings: Annotated[dict[_Setting, _Value], msgspec.Meta(max_length=64)]
    policy: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    """The SHA-256 of its policy file."""


class Description(msgspec.Struct, frozen=True, tag="description", forbid_unknown_fields=True):
    """The account, its chain, and the most per gas that it offers, in wei; both nought of a key
    that signs warnings alone, the latter of one that signs proposals alone."""

    address: _Address
    chain_id: _Amount
    fee_cap: _Amount


class Signature(msgspec.Struct, frozen=True, tag="signed", forbid_unknown_fields=True):
    """The signed transaction and its hash."""

    raw: _Data
    tx: Annotated[str, msgspec.Meta(pattern="^0x[0-9a-f]{64}$")]


class Attestation(msgspec.Struct, frozen=True, tag="attested", forbid_unknown_fields=True):
    """The signature of the yes, the warning or the proposal."""

    signature: Annotated[str, msgspec.Meta(pattern="^0x[0-9a-f]{130}$")]


class Refusal(msgspec.Struct, frozen=True, tag="refused", forbid_unknown_fields=True):
    """It is not signed; the same question gets the same answer until somebody changes something."""

    reason: Annotated[str, msgspec.Meta(max_length=512)]


class Failure(msgspec.Struct, frozen=True, tag="failed", forbid_unknown_fields=True):
    """It could not be signed now."""

    reason: Annotated[str, msgspec.Meta(max_length=512)]


Question = Describe | Sign | Attest | State | Propose
Asked = Question | Configure
Answer = Description | Signature | Attestation | Refusal | Failure | Begun

_questions = msgspec.json.Decoder(Asked)
_answers = msgspec.json.Decoder(Answer)


def send(connection: socket.socket, said: Asked | Answer) -> None:
    """Send one frame."""
    body = msgspec.json.encode(said)
    connection.sendall(_LENGTH.pack(len(body)) + body)


def receive_question(connection: socket.socket) -> Asked:
    """Read one question. Raises `WireError` for anything else."""
    try:
        question: Asked = _questions.decode(_frame(connection))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(str(error)) from error
    return question


def receive_answer(connection: socket.socket) -> Answer:
    """Read one answer. Raises `WireError` for anything else."""
    try:
        answer: Answer = _answers.decode(_frame(connection))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(str(error)) from error
    return answer


def _frame(connection: socket.socket) -> bytes:
    patience = connection.gettimeout() or PATIENCE
    deadline = time.monotonic() + patience
    try:
        (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, deadline))
        if length > MAX_FRAME_BYTES:
            raise WireError(f"{length} bytes, the limit is {MAX_FRAME_BYTES}")
        return _exactly(connection, length, deadline)
    finally:
        connection.settimeout(patience)


def _exactly(connection: socket.socket, count: int, deadline: float) -> bytes:
    found = bytearray()
    while len(found) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise WireError("it did not come in time")
        connection.settimeout(left)
        part = connection.recv(count - len(found))
        if not part:
            raise WireError("it hung up")
        found += part
    return bytes(found)
