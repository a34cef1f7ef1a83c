"""Whose word is shown, and how that is checked: before a record gets into the picture."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from runtime import admission, attested, statement
from runtime.acknowledging import People
from runtime.broker import Message
from runtime.keepers import Keepers
from runtime.signatures import Verifier
from schemas.alerts import Alert, Withdrawal
from schemas.base import Record
from schemas.codec import decode_from
from schemas.decisions import Answer, Proposal
from schemas.errors import PoisonRecordError
from schemas.incidents import Acknowledgement, Recovery
from schemas.risk import Risk
from schemas.signals import Signal, Verdict
from schemas.topics import INCIDENTS, SIGNALS, TOPICS


class Heard(NamedTuple):
    """A record that may be shown."""

    record: Record
    signed: bool = False
    """Whether a trusted key signed it: figures of risk that none did are to be shown as such."""
    by: str = ""
    """Whose key signed a word on how far a case is led back; '' for any other record and where
    nobody's keys are named."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys and people that are believed; what nobody is named for rests on the rights on topics."""

    detectors: Verifier | None = None
    """Whose alerts."""
    people: People = field(default_factory=People)
    """Whose acknowledgements, and whose word on how far a case is led back."""
    judges: Verifier | None = None
    """Whose word on whether a neighbour was right."""
    insurers: Verifier | None = None
    """Whose figures of risk."""
    keepers: Keepers = field(default_factory=Keepers)
    """Whose cases."""

    def read(self, message: Message) -> Heard:
        """Return the record of a message. Raises `PoisonRecordError` for one that is not to be
        shown."""
        value = message.value or b""
        if message.topic == SIGNALS.name:
            return self._heard(message, admission.read(value))
        if message.topic == INCIDENTS.name:
            return Heard(self.keepers.read(message), self.keepers.named)
        record = decode_from(TOPICS[message.topic], value)
        if isinstance(record, Proposal | Answer):
            attested.require(record)
        elif isinstance(record, Acknowledgement):
            self.people.require(message, record)
        elif isinstance(record, Recovery):
            return Heard(record, by=self.people.require_key(message))
        signed = False
        if self.detectors is not None and isinstance(record, Alert | Withdrawal):
            self.detectors.require(message, record.chain, record.block)
            signed = True
        if self.insurers is not None and isinstance(record, Risk):
            with suppress(PoisonRecordError):
                self.insurers.require(message, record.chain, record.block)
                signed = True
        return Heard(record, signed)

    def _heard(self, message: Message, record: Signal | Verdict) -> Heard:
        """A signal is its issuer's by the signature within it, whoever that is."""
        if isinstance(record, Verdict):
            if self.judges is not None:
                self.judges.check(message, head=None)
            return Heard(record, self.judges is not None)
        if statement.signer_of(record) != record.issuer:
            raise PoisonRecordError(f"not signed by {record.issuer}")
        return Heard(record, signed=True)
