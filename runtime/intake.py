"""From bytes to records: decode what a topic carries, keep what cannot be read.

A record that cannot be read goes to the dead letters with every byte it had, and its partition
advances. A streak of them on our own topics means that our schemas disagree, not that somebody sent
rubbish: the fuse blows and the service stops before it has skipped its way through the log.
"""

import hashlib

from runtime.broker import Message, Producer
from runtime.metrics import Metrics
from schemas.base import Record
from schemas.codec import decode_from, encode
from schemas.errors import PoisonRecordError, UnsafeToContinueError
from schemas.ids import content_id
from schemas.operations import DeadLetter
from schemas.topics import DEAD_LETTERS, TOPICS

FUSE = 20
"""Unreadable records in a row, on one topic, that stop the service."""

_LONGEST_REASON = 500


class Intake:
    """Decodes messages for one service; dead-letters what is poison."""

    def __init__(self, producer: Producer, metrics: Metrics, service: str) -> None:
        self._producer = producer
        self._metrics = metrics
        self._service = service
        self._streak: dict[str, int] = {}

    def read(self, message: Message) -> Record | None:
        """Return the record, or None after dead-lettering it.

        Raises `UnsafeToContinueError` at the `FUSE`-th unreadable record in a row.
        """
        self._metrics.records.labels(message.topic).inc()
        try:
            record = decode_from(TOPICS[message.topic], message.value or b"")
        except PoisonRecordError as error:
            self.reject(message, str(error), fault="envelope")
            return None
        self._streak[message.topic] = 0
        return record

    def reject(self, message: Message, reason: str, *, fault: str) -> None:
        """Keep a message that must not be acted on, with the reason."""
        letter = dead_letter(self._service, message, reason, fault)
        self._producer.send(
            DEAD_LETTERS.name,
            encode(letter, max_bytes=DEAD_LETTERS.max_bytes),
            key=message.topic.encode(),
        )
        self._metrics.dead_letters.labels(message.topic, fault).inc()
        if fault != "envelope":
            return
        streak = self._streak[message.topic] = self._streak.get(message.topic, 0) + 1
        if streak >= FUSE:
            raise UnsafeToContinueError(
                f"{streak} unreadable records in a row on {message.topic}, the last at "
                f"[{message.partition}] offset {message.offset}: {reason}. Check that this "
                f"service and the writer of that topic run the same version; the records are kept "
                f"in {DEAD_LETTERS.name}."
            )


def dead_letter(service: str, message: Message, reason: str, fault: str) -> DeadLetter:
    """Describe a message that could not be used; its id depends on where it came from."""
    digest = hashlib.sha256(message.value or b"").hexdigest()
    return DeadLetter(
        id=content_id(
            "dead-letter", service, message.topic, message.partition, message.offset, digest
        ),
        service=service,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        reason=reason[:_LONGEST_REASON],
        fault="envelope" if fault == "envelope" else "content",
        key=message.key,
        value=message.value,
        headers=message.headers,
    )
