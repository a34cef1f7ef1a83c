"""Which records of the alert topic may be acted on: those that a trusted key signed, in time. And
what stands on the topic of operators' words, whose proof is in themselves.

Anyone who may write to the topic can write rubbish, so what fails here is content, never a fault of
our own: it goes to the dead letters and stops nothing.
"""

from collections.abc import Sequence
from typing import cast

from responders.words import Words
from runtime.broker import Message, Offsets, Partition
from runtime.intake import Intake
from runtime.metrics import Metrics
from runtime.signatures import Verifier
from schemas import headers
from schemas.alerts import Alert, AlertRecord
from schemas.codec import decode_from
from schemas.consents import Consent
from schemas.errors import PoisonRecordError
from schemas.topics import ALERTS, CONSENTS, TopicSpec

MAX_LEAD = 64
"""Blocks that an alert may be ahead of our node and still tell how far the chain is."""


class AlertIntake:
    """Checks and decodes the records of one chain."""

    def __init__(
        self,
        intake: Intake,
        verifier: Verifier | None,
        chain: str,
        metrics: Metrics,
        words: Words | None = None,
    ) -> None:
        """Without a verifier, as in a dry-run, whatever can be read is believed. `words` is where
        other operators are heard, where any have a say."""
        self._words = words
        self._intake = intake
        self._verifier = verifier
        self.chain = chain
        self._metrics = metrics
        self.newest = 0
        """The newest block that a believed alert named."""

    @property
    def topics(self) -> tuple[str, ...]:
        """What it reads."""
        return (ALERTS.name,) if self._words is None else (ALERTS.name, CONSENTS.name)

    def starts(self, partitions: Sequence[Partition]) -> Offsets:
        """Return where to start each of these that does not start where the group stopped."""
        return {} if self._words is None else self._words.starts(partitions)

    def read(self, message: Message) -> AlertRecord | None:
        """Return the record, which is not to be believed yet; None when it cannot be read, or is of
        another chain."""
        self._metrics.records.labels(ALERTS.name).inc()
        if headers.find(message.headers, headers.CHAIN) not in (None, self.chain.encode()):
            return None
        try:
            record = cast("AlertRecord", _decoded(ALERTS, message))
        except PoisonRecordError as error:
            self.reject(message, str(error))
            return None
        return record if record.chain == self.chain else None

    def believes(self, message: Message, record: AlertRecord, head: int) -> bool:
        """Say whether a trusted key signed this, in time at `head`; what none did is kept."""
        try:
            self._check(message, head)
        except PoisonRecordError as error:
            self.reject(message, str(error))
            return False
        self._note(record, head)
        return True

    def recalled(self, message: Message, head: int) -> AlertRecord | None:
        """Return a record that was answered before, if it may be believed at `head` still.

        It was counted when it came, and kept if it was not to be believed; neither is done again.
        """
        try:
            self._check(message, head)
            record = cast("AlertRecord", _decoded(ALERTS, message))
        except PoisonRecordError:
            return None
        if record.chain != self.chain:
            return None
        self._note(record, head)
        return record

    def _check(self, message: Message, head: int) -> None:
        """Raise `PoisonRecordError` unless a trusted key signed this, in time at `head`."""
        if self._verifier is not None:
            self._verifier.check(message, head=max(head, self.newest), chain=self.chain)

    def _note(self, record: AlertRecord, head: int) -> None:
        if isinstance(record, Alert) and record.block <= head + MAX_LEAD:
            self.newest = max(self.newest, record.block)

    def word(self, message: Message) -> Consent | None:
        """Return an operator's word, not yet checked; None when it cannot be read, or is about
        another chain."""
        self._metrics.records.labels(CONSENTS.name).inc()
        try:
            word = cast("Consent", _decoded(CONSENTS, message))
        except PoisonRecordError as error:
            self.reject(message, str(error))
            return None
        return word if word.chain == self.chain else None

    def reject(self, message: Message, reason: str) -> None:
        """Keep what is not to be believed."""
        self._intake.reject(message, reason, fault="content")


def _decoded(topic: TopicSpec, message: Message) -> AlertRecord | Consent:
    record = cast("AlertRecord | Consent", decode_from(topic, message.value or b""))
    if message.key != record.protocol.encode():
        raise PoisonRecordError(f"its key is not its protocol, {record.protocol}")
    return record
