"""Whose word an incident's records are, as far as signatures tell: evidence keeps what nobody who
is believed signed, and the analysis leaves it out."""

from dataclasses import dataclass, field
from typing import NamedTuple

from runtime.acknowledging import People
from runtime.actors import Actors
from runtime.broker import Message
from runtime.keepers import Keepers
from runtime.signatures import Verifier
from schemas.alerts import Alert, Withdrawal
from schemas.codec import decode_from
from schemas.errors import PoisonRecordError
from schemas.topics import ACTIONS, ALERTS, INCIDENTS, RECOVERIES

AGAIN = "the same bytes stood there before"
MANY = "there are more of them than a case has room for"

MOST_DOUBTED = 100
"""Told one by one, and kept of each topic; more are counted: a flood of what nobody believes must
not keep anybody from collecting the rest."""


class Exhibit(NamedTuple):
    """A record as it stood on its topic, and why it counts for nothing, '' when it counts."""

    message: Message
    doubt: str = ""
    more: int = 0
    """How many more of its topic, doubted too, were counted and not kept."""
    signer: str = ""
    """The key that signed a word on how far a case was led back, as was checked; '' for any other
    record and where nobody's keys are named."""

    def __str__(self) -> str:
        message = self.message
        place = f"{message.topic}[{message.partition}] offset {message.offset}"
        if self.doubt in (AGAIN, MANY):
            return f"{place} was left out: {self.doubt}"
        return f"{place} was left out, nobody who is believed said it: {self.doubt}"


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys and people that are believed; where none are named, everybody is."""

    detectors: Verifier | None = None
    """Whose alerts."""
    people: People = field(default_factory=People)
    """Whose word on how far a case was led back."""
    keepers: Keepers = field(default_factory=Keepers)
    """Whose cases."""
    actors: Actors = field(default_factory=Actors)
    """Whose steps of brakes."""

    def exhibit(self, message: Message) -> Exhibit:
        """Return a record with what speaks against it."""
        try:
            return Exhibit(message, signer=self._require(message))
        except PoisonRecordError as error:
            return Exhibit(message, str(error)[:300])

    def _require(self, message: Message) -> str:
        if message.topic == RECOVERIES.name:
            return self.people.require_key(message)
        if message.topic == INCIDENTS.name:
            self.keepers.read(message)
        elif message.topic == ACTIONS.name:
            self.actors.read(message)
        elif message.topic == ALERTS.name and self.detectors is not None:
            self.detectors.check(message, head=None)
            record = decode_from(ALERTS, message.value or b"")
            if isinstance(record, Alert | Withdrawal):
                self.detectors.require_in_term(message, record.chain, record.block)
        return ""
