"""Whose records count: alerts that a trusted key signed; the rest by the rights on the topics."""

from collections.abc import Iterator, Sequence

from runtime.broker import Message
from runtime.intake import Intake
from runtime.signatures import Verifier
from schemas.alerts import Alert, Withdrawal
from schemas.base import Record
from schemas.errors import PoisonRecordError
from schemas.topics import ALERTS


class Admission:
    """Reads records; keeps what cannot be read or believed as dead letters.

    An alert's expiry bounds when it may brake, not whether it is evidence, so it is not asked.
    """

    def __init__(self, intake: Intake, verifier: Verifier) -> None:
        self._intake = intake
        self._verifier = verifier

    def read_all(self, batch: Sequence[Message]) -> Iterator[tuple[Message, Record]]:
        """Yield each message with its record, if it may be believed."""
        for message, record in self._intake.read_all(batch):
            if message.topic != ALERTS.name or self._believed(message, record):
                yield message, record

    def _believed(self, message: Message, record: Record) -> bool:
        try:
            self._verifier.check(message, head=None)
            if isinstance(record, Alert | Withdrawal):
                self._verifier.require_in_term(message, record.chain, record.block)
        except PoisonRecordError as error:
            self._intake.reject(message, str(error), fault="content")
            return False
        return True
