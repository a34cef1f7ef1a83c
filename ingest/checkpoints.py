"""Where ingest left off, per source, on a compacted topic."""

from collections.abc import Iterable

from runtime.broker import Broker, Message, Offsets, Partition, Producer, read_all
from runtime.fencing import term_of
from schemas.codec import decode, encode
from schemas.headers import Headers
from schemas.ids import content_id
from schemas.operations import IngestCheckpoint
from schemas.topics import CHECKPOINTS, TopicSpec

_FIRST_LOOK = 64
"""Records from the end in which the newest checkpoint of a running source is found."""


class Checkpoints:
    """Saves and finds checkpoints."""

    def __init__(self, broker: Broker, producer: Producer) -> None:
        self._broker = broker
        self._producer = producer
        self.term: Headers = ()
        """What those that are saved carry beside them."""

    def newest(self, source: str) -> IngestCheckpoint | None:
        """Return the newest checkpoint of one source; see `newest_with_term`."""
        return self.newest_with_term(source)[0]

    def newest_with_term(self, source: str) -> tuple[IngestCheckpoint | None, int]:
        """Return the newest checkpoint of one source, of the latest term, and that term.

        Looks from the end backwards, for a live source writes one with each block. Raises
        `PoisonRecordError` when it cannot be read: guessing would lose or double records.
        """
        key, look = source.encode(), _FIRST_LOOK
        while True:
            found: list[Message] = []
            whole = True
            for partition in self._partitions():
                low, high = self._broker.bounds(partition)
                whole = whole and high - look <= low
                read_all(self._broker, partition, found.append, start=high - look)
            known = [(term_of(m.headers)[1], m.value) for m in found if m.key == key]
            if known or whole:
                term = max((number for number, _ in known), default=0)
                last = next((value for number, value in reversed(known) if number == term), None)
                return (decode(last, IngestCheckpoint) if last else None), term
            look *= 16

    def all(self, prefix: str) -> dict[str, IngestCheckpoint]:
        """Return the newest checkpoint of every source whose name begins like this."""
        values: dict[str, bytes] = {}

        def take(message: Message) -> None:
            name = (message.key or b"").decode("utf-8", "replace")
            if name.startswith(prefix) and message.value:
                values[name] = message.value

        for partition in self._partitions():
            read_all(self._broker, partition, take)
        return {name: decode(value, IngestCheckpoint) for name, value in values.items()}

    def _partitions(self) -> list[Partition]:
        count = self._broker.partitions(CHECKPOINTS.name)
        return [Partition(CHECKPOINTS.name, number) for number in range(count)]

    def save(self, checkpoint: IngestCheckpoint) -> None:
        """Queue a checkpoint. What it speaks for has to be acknowledged before."""
        self._producer.send(
            CHECKPOINTS.name,
            encode(checkpoint),
            key=checkpoint.source.encode(),
            headers=self.term,
        )


def saved_at(source: str, step: int, newest: str) -> str:
    """Return the id of the checkpoint of a source at a step, with its newest block or content."""
    return content_id("checkpoint", source, step, newest)


def ends(broker: Broker, topics: Iterable[TopicSpec]) -> dict[Partition, int]:
    """Return the present end of every partition of these topics."""
    return {
        partition: broker.bounds(partition)[1]
        for topic in topics
        for partition in (
            Partition(topic.name, number) for number in range(broker.partitions(topic.name))
        )
    }


def as_table(offsets: Offsets) -> dict[str, tuple[int, ...]]:
    """Write offsets of whole topics as a checkpoint does: by topic, in the order of partitions."""
    table: dict[str, list[int]] = {}
    for partition in sorted(offsets):
        table.setdefault(partition.topic, []).append(offsets[partition])
    return {topic: tuple(numbers) for topic, numbers in table.items()}
