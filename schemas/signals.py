"""Records with which protocols warn each other, and what people made of the warnings afterwards.

Keyed by the issuer, so that what one says arrives in the order in which it was said. A signal is
proved by the EIP-712 signature within it (`runtime.statement`), whatever carried it; a verdict is
our own people's, signed in its headers as alerts are.
"""

import re
from typing import Annotated, Literal

from msgspec import Meta

from schemas.alerts import Severity
from schemas.base import Record
from schemas.errors import PoisonRecordError
from schemas.units import Account, Address, Count, Hash, Id, Key, Name, Seconds, split_account

Tlp = Literal["clear", "green", "amber", "amber+strict", "red"]
"""Traffic Light Protocol 2.0 (FIRST): from what anyone may know to what recipients alone may."""

TLPS: tuple[Tlp, ...] = ("clear", "green", "amber", "amber+strict", "red")

WHOLE = 10_000
"""Confidence is told in basis points."""

MAX_SIGNAL_BYTES = 4096
"""A signal is some 700 bytes; nothing larger is looked at."""

MAX_LIFETIME = 7 * 86_400
"""The longest that a signal may ask to be believed, in seconds. One that has to count for longer is
issued again."""

_TECHNIQUE = re.compile(r"ADT[0-9]{4}(\.[0-9]{3})?")
_EVIDENCE = re.compile(r"0x[0-9a-f]{64}")
_HEXADECIMAL = re.compile(r"[0-9a-f]+")


class Signal(Record, tag="signal", frozen=True, kw_only=True):
    """One protocol warns the others. Several with the same issuer and id tell of one matter: the
    one with the highest `seq` counts, and one of confidence 0 takes it back."""

    id: Id
    """`signalId` of the statement: the issuer's name for what it warns of."""
    issuer: Address
    """The account that signed."""
    seq: Count
    """Rises with every signal of the issuer, whatever it is about."""
    expiry: Seconds
    """Counts until then, at most `MAX_LIFETIME` from when it is read."""
    target: Account
    """The contract that is in danger, or the danger."""
    technique: Name
    """MITRE AADAPT id."""
    severity: Severity
    confidence: Annotated[int, Meta(ge=0, le=WHOLE)]
    """In basis points."""
    evidence_root: Hash
    """Merkle root or hash of what the issuer has; zeros where it shows nothing."""
    signature: Annotated[str, Meta(min_length=132, max_length=132)]
    """r, s and v (27 or 28): 65 bytes."""
    tlp: Tlp = "amber"
    """Who may be told. Beside the statement, since it binds people and no machine: whoever has a
    signal could strip it."""

    def check(self) -> None:
        """Refuse what the types let through and no statement may hold."""
        try:
            require_form(self)
        except PoisonRecordError as error:
            raise ValueError(str(error)) from error


def require_form(signal: Signal) -> None:
    """Raise `PoisonRecordError` for a signal whose texts are not what they must be."""
    split_account(signal.target)
    if not _TECHNIQUE.fullmatch(signal.technique):
        raise PoisonRecordError(f"not an AADAPT technique: {signal.technique[:40]!r}")
    if not _EVIDENCE.fullmatch(signal.evidence_root):
        raise PoisonRecordError("the evidence root is not 32 bytes in lower-case hexadecimal")
    for name, text in (("id", signal.id), ("issuer", signal.issuer[2:])):
        if not _HEXADECIMAL.fullmatch(text):
            raise PoisonRecordError(f"the {name} is not lower-case hexadecimal")
    if not signal.issuer.startswith("0x"):
        raise PoisonRecordError("the issuer is not an address")
    if not (signal.signature.startswith("0x") and _HEXADECIMAL.fullmatch(signal.signature[2:])):
        raise PoisonRecordError("the signature is not lower-case hexadecimal")


class Verdict(Record, tag="verdict", frozen=True, kw_only=True):
    """What our people found of a neighbour's signal, in a case of ours or without one."""

    id: Id
    signal: Id
    issuer: Address
    finding: Literal["confirmed", "refuted"]
    time: Seconds
    """When they found so. What was found long ago counts less."""
    protocol: Key
    """Of ours, whose people they are."""
    incident: Id | None = None
    """The case in which it turned out."""
