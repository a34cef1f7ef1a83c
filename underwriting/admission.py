"""Whose records count: alerts and cases that a trusted key signed, signals of known neighbours;
blocks by the rights on their topic."""

from collections.abc import Iterator, Sequence

from runtime.broker import Message
from runtime.intake import Intake
from runtime.signal_intake import SignalIntake
from runtime.signatures import Verifier
from schemas.alerts import Alert, Withdrawal
from schemas.base import Record
from schemas.errors import PoisonRecordError
from schemas.topics import ALERTS
from schemas.units import Seconds


class Admission:
    """Reads records; keeps what cannot be read or believed as dead letters.

    An alert's expiry bounds when it may brake, not whether it is evidence, so it is not asked.
    """

    def __init__(
        self, intake: Intake, verifier: Verifier, signals: SignalIntake | None = None
    ) -> None:
        """`signals`: over a consumer of its own; None where no manifest listens to anybody."""
        self._intake = intake
        self._verifier = verifier
        self._signals = signals

    def listen(self, now: Seconds) -> None:
        """Take what neighbours say, at `now`: the time of the newest block."""
        if self._signals is not None:
            self._signals.listen(now)

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
