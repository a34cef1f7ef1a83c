"""Which records of the alert topic may be acted on: those that a trusted key signed, in time.

Anyone who may write to the topic can write rubbish, so what fails here is content, never a fault of
our own: it goes to the dead letters and stops nothing.
"""

from typing import cast

from runtime.broker import Message
from runtime.intake import Intake
from runtime.metrics import Metrics
from runtime.signatures import Verifier
from schemas import headers
from schemas.alerts import Alert, AlertRecord
from schemas.codec import decode_from
from schemas.errors import PoisonRecordError
from schemas.topics import ALERTS

MAX_LEAD = 64
"""Blocks that an alert may be ahead of our node and still tell how far the chain is."""


class AlertIntake:
    """Checks and decodes the records of one chain."""

    def __init__(
        self, intake: Intake, verifier: Verifier | None, chain: str, metrics: Metrics
    ) -> None:
        """Without a verifier, as in a dry-run, whatever can be read is believed."""
        self._intake = intake
        self._verifier = verifier
        self._chain = chain
        self._metrics = metrics
        self.newest = 0
        """The newest block that a believed alert named."""

    def read(self, message: Message, head: int) -> AlertRecord | None:
        """Return the record; None when it is of another chain, or not to be believed at `head`."""
        self._metrics.records.labels(ALERTS.name).inc()
        if headers.find(message.headers, headers.CHAIN) not in (None, self._chain.encode()):
            return None
        try:
            if self._verifier is not None:
                self._verifier.check(message, head=max(head, self.newest), chain=self._chain)
            record = _decoded(message)
        except PoisonRecordError as error:
            self._intake.reject(message, str(error), fault="content")
            return None
        if record.chain != self._chain:
            return None
        if isinstance(record, Alert) and record.block <= head + MAX_LEAD:
            self.newest = max(self.newest, record.block)
        return record


def _decoded(message: Message) -> AlertRecord:
    record = cast("AlertRecord", decode_from(ALERTS, message.value or b""))
    if message.key != record.protocol.encode():
        raise PoisonRecordError(f"its key is not its protocol, {record.protocol}")
    return record
