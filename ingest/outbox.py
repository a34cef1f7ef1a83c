"""Sends records with what travels beside them. Only queues: who calls decides when to flush."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.broker import Broker, Offsets, Partition, Producer
from runtime.clock import Clock
from runtime.metrics import Metrics
from runtime.partitioner import partition_of
from schemas import headers
from schemas.chain import Block, Deployment, Event, Pending, Price, Retraction, Transaction
from schemas.codec import encode
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.headers import Headers
from schemas.operations import DeadLetter
from schemas.services import SERVICES
from schemas.topics import DEAD_LETTERS, TopicSpec

SERVICE = "ingest"
Outgoing = Block | Retraction | Event | Transaction | Pending | Deployment | Price | DeadLetter


@dataclass(frozen=True, slots=True)
class Origin:
    """When the news that a record rests on arrived, in nanoseconds since 1970, and the step of its
    chain's publication that it belongs to, None outside of any."""

    received: int
    step: int | None = None


def require_topics(broker: Broker) -> Mapping[str, int]:
    """Return the partition count of every topic that ingest writes.

    Raises `ConfigurationError` naming those that do not exist.
    """
    counts = {spec.name: broker.partitions(spec.name) for spec in SERVICES[SERVICE].writes}
    missing = [name for name, count in counts.items() if not count]
    if missing:
        raise ConfigurationError(
            f"these topics do not exist: {', '.join(missing)}. Run `firebreak topics create`."
        )
    return counts


class Outbox:
    """One producer, and the headers that every record gets."""

    def __init__(
        self,
        producer: Producer,
        partitions: Mapping[str, int],
        metrics: Metrics,
        clock: Clock,
        term: Headers = (),
    ) -> None:
        """Take the topics' partition counts, as `require_topics` gives them; every record carries
        the `term`."""
        self._producer = producer
        self.partitions = partitions
        self._metrics = metrics
        self._clock = clock
        self.term = term
        self.wrote: Offsets = {}
        """How far this producer had written at the last flush."""

    def send(self, topic: TopicSpec, key: str, record: Outgoing, origin: Origin) -> None:
        """Queue one record for its key's partition.

        Raises `UnencodableRecordError` when the record breaks its own type.
        """
        value = encode(record, max_bytes=topic.max_bytes)
        self.put(self.partition(topic, key), key, value, self.beside(record, origin))

    def partition(self, topic: TopicSpec, key: str) -> Partition:
        """Return where the records of a key go."""
        return Partition(topic.name, partition_of(key.encode(), self.partitions[topic.name]))

    def put(self, where: Partition, key: str, value: bytes, beside: Headers) -> None:
        """Queue a value for one partition.

        Raises `UnsafeToContinueError` when it is not taken: what it belongs to is half sent, which
        only a new start can find out and mend.
        """
        try:
            self._producer.send(
                where.topic, value, key=key.encode(), headers=beside, partition=where.number
            )
        except TransientError as error:
            raise UnsafeToContinueError(f"{where.topic}[{where.number}]: {error}") from error
        self._metrics.published.labels(where.topic).inc()

    def reject(self, letter: DeadLetter, origin: Origin) -> None:
        """Queue a dead letter, and count it."""
        self.send(DEAD_LETTERS, letter.topic, letter, origin)
        self._metrics.dead_letters.labels(letter.topic, letter.fault).inc()

    def flush(self) -> Offsets:
        """Wait until everything is acknowledged; return how far this producer has written."""
        self.wrote = self._producer.flush()
        return self.wrote

    def beside(self, record: Outgoing, origin: Origin) -> Headers:
        """Return what travels beside a record that is sent now."""
        hops = headers.hop_headers({"received": origin.received, "published": self._clock.now_ns()})
        step = () if origin.step is None else ((headers.STEP, b"%d" % origin.step),)
        return ((headers.RECORD_ID, record.id.encode()), *step, *self.term, *hops)
