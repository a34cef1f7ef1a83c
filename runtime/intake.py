"""From bytes to records: decode what a topic carries, keep what cannot be read.

A record that cannot be read goes to the dead letters with every byte it had, and its partition
advances. A streak of them on our own topics means that our schemas disagree, not that somebody sent
rubbish: the fuse blows and the service stops before it has skipped its way through the log.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import filterfalse, groupby, islice
from operator import attrgetter
from typing import get_args

from prometheus_client import Counter

from runtime.broker import Message, Producer
from runtime.fencing import Terms
from runtime.metrics import Metrics
from schemas.base import Record
from schemas.codec import batch_reader, encode, reader
from schemas.errors import PoisonRecordError, UnsafeToContinueError
from schemas.ids import content_id
from schemas.operations import DeadLetter, Fault
from schemas.topics import DEAD_LETTERS, MAX_DEAD_LETTER_BYTES, TOPICS

FUSE = 20
"""Unreadable records in a row, on one topic, that stop the service."""

LARGEST_KEPT = MAX_DEAD_LETTER_BYTES * 3 // 4 - 64 * 1024
"""What fits into a dead letter, where bytes travel as base64, beside what is said about them."""

AHEAD, AHEAD_BYTES = 32, 32 * 1024
"""Records, and about how many bytes of them, that are decoded at once: enough that it pays, too few
to hold up the first, or to push the last out of the processor's cache before its turn comes."""

_LONGEST_REASON = 500
_TOPIC, _HEADERS = attrgetter("topic"), attrgetter("headers")
"""Of a message."""


class _Source:
    """What reading one topic takes, looked up once."""

    __slots__ = ("ahead", "count", "read", "read_all", "streak")

    def __init__(self, topic: str, count: Counter) -> None:
        self.read, self.read_all = reader(TOPICS[topic]), batch_reader(TOPICS[topic])
        self.count = count
        self.ahead = 1
        """Records that are decoded at once, going by the size of those before."""
        self.streak = 0
        """Unreadable records in a row."""


class Intake:
    """Decodes messages for one service; dead-letters what is poison."""

    def __init__(
        self, producer: Producer, metrics: Metrics, service: str, *, fuse: int | None = FUSE
    ) -> None:
        """Without a `fuse` no streak stops it: for whoever had better go on with what can be read,
        because stopping it is what a stranger would want."""
        self._fuse = fuse
        self._producer = producer
        self._metrics = metrics
        self._service = service
        self._terms = Terms()
        self._sources: dict[str, _Source] = {}

    def read(self, message: Message) -> Record | None:
        """Return the record; None where `read_all` leaves it out."""
        return next((record for _, record in self.read_all((message,))), None)

    def read_all(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Record]]:
        """Yield each message with its record as it is asked for; left out are those that cannot be
        read, which are dead-lettered, and those whose publisher's term was over.

        Raises `UnsafeToContinueError` at the last unreadable record in a row that the fuse takes.
        """
        for topic, group in groupby(messages, key=_TOPIC):
            source = self._source(topic)
            while chunk := list(islice(group, source.ahead)):
                source.count.inc(len(chunk))
                if any(map(_HEADERS, chunk)):
                    chunk = list(filterfalse(self._void, chunk))
                values = [message.value or b"" for message in chunk]
                source.ahead = _ahead(values)
                try:
                    records = source.read_all(values)
                except PoisonRecordError:
                    yield from self._one_by_one(source, chunk)
                    continue
                for pair in zip(chunk, records, strict=True):
                    source.streak = 0
                    yield pair

    def _one_by_one(
        self, source: _Source, messages: Iterable[Message]
    ) -> Iterator[tuple[Message, Record]]:
        for message in messages:
            try:
                record = source.read(message.value or b"")
            except PoisonRecordError as error:
                self.reject(message, str(error), fault="envelope")
                continue
            source.streak = 0
            yield message, record

    def _void(self, message: Message) -> bool:
        void = self._terms.void(message)
        if void:
            self._metrics.void.labels(message.topic).inc()
        return void

    def _source(self, topic: str) -> _Source:
        source = self._sources.get(topic)
        if source is None:
            source = self._sources[topic] = _Source(topic, self._metrics.records.labels(topic))
            for fault in get_args(Fault):
                self._metrics.dead_letters.labels(topic, fault)
        return source

    def reject(self, message: Message, reason: str, *, fault: Fault) -> None:
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
        source = self._source(message.topic)
        source.streak += 1
        if self._fuse is not None and source.streak >= self._fuse:
            raise UnsafeToContinueError(
                f"{source.streak} unreadable records in a row on {message.topic}, the last at "
                f"[{message.partition}] offset {message.offset}: {reason}. Check that this "
                f"service and the writer of that topic run the same version; the records are kept "
                f"in {DEAD_LETTERS.name}."
            )


def _ahead(values: Sequence[bytes]) -> int:
    """Return how many records like these to decode at once."""
    size = sum(map(len, values))
    return max(1, min(AHEAD, AHEAD_BYTES * len(values) // size)) if size else AHEAD


def dead_letter(service: str, message: Message, reason: str, fault: Fault) -> DeadLetter:
    """Describe a message that could not be used; its id depends on where it came from.

    Every byte is kept, save the end of a value so large that no topic of ours could hold it.
    """
    value = message.value
    digest = hashlib.sha256(value or b"").hexdigest()
    beside = len(message.key or b"") + sum(len(k) + len(v or b"") for k, v in message.headers)
    room = max(0, LARGEST_KEPT - beside)
    return DeadLetter(
        id=content_id(
            "dead-letter", service, message.topic, message.partition, message.offset, digest
        ),
        service=service,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        reason=reason[:_LONGEST_REASON],
        fault=fault,
        key=message.key,
        value=None if value is None else value[:room],
        headers=message.headers,
        cut=max(0, len(value or b"") - room),
    )
