"""The broker port on Apache Kafka, through confluent-kafka.

Committing is ours (no auto-commit), rebalances are cooperative, the producer is idempotent with
acks=all. Any librdkafka option can be given through the settings and passes through as it is.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka import Message as RawMessage
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from runtime.broker import Message, Offsets, Partition, Rebalance
from runtime.logs import logger
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.headers import Headers
from schemas.topics import MAX_DEAD_LETTER_BYTES, TopicSpec

_log = logger(__name__)

REQUEST_TIMEOUT = 15.0
"""Seconds to wait for an answer of the cluster to an administrative question."""

FLUSH_TIMEOUT = 30.0
"""Seconds within which queued records are acknowledged, or the producer counts as failed."""

QUEUE_TIMEOUT = 30.0
"""Seconds to wait for room in the producer's queue."""

_BY_KEY = -1
"""librdkafka's word for "let the partitioner choose"."""

_LARGEST = MAX_DEAD_LETTER_BYTES + 1024 * 1024

_PRODUCER: dict[str, Any] = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 0,
    "compression.type": "lz4",
    "message.max.bytes": _LARGEST,
    "partitioner": "murmur2_random",  # the partitioner of Java clients, so that tools agree on keys
    "delivery.timeout.ms": int(FLUSH_TIMEOUT * 1000),
    "queue.buffering.max.messages": 200_000,
}
_CONSUMER: dict[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "partition.assignment.strategy": "cooperative-sticky",
    "fetch.wait.max.ms": 20,
    "fetch.message.max.bytes": 1024 * 1024,
    "fetch.max.bytes": _LARGEST * 4,
    "receive.message.max.bytes": _LARGEST * 4 + 1024,
    "session.timeout.ms": 10_000,
    "heartbeat.interval.ms": 1000,
}


class KafkaBroker:
    """A Kafka cluster, reached with librdkafka's own options (`bootstrap.servers`, SASL, TLS)."""

    def __init__(self, options: Mapping[str, Any], replication: int = 1) -> None:
        self._options = {"log_level": 3, **options}
        self._replication = replication
        self._admin = AdminClient(dict(self._options))

    def producer(self) -> "KafkaProducer":
        """Return a new producer."""
        return KafkaProducer(self._options | _PRODUCER)

    def consumer(self, group: str | None = None) -> "KafkaConsumer":
        """Return a new consumer; without a group it can only `assign`."""
        name = {"group.id": group or "firebreak-unassigned", "enable.partition.eof": group is None}
        return KafkaConsumer(self._options | _CONSUMER | name)

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has, 0 when it does not exist."""
        found = self._ask(self._admin.list_topics, topic, timeout=REQUEST_TIMEOUT)
        entry = found.topics.get(topic)
        return 0 if entry is None or entry.error is not None else len(entry.partitions)

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset that is kept and the next one to be written."""
        consumer = Consumer(self._options | _CONSUMER | {"group.id": "firebreak-unassigned"})
        try:
            spot = TopicPartition(partition.topic, partition.number)
            low, high = self._ask(consumer.get_watermark_offsets, spot, timeout=REQUEST_TIMEOUT)
        finally:
            consumer.close()
        return low, high

    def offsets_at(self, topic: str, milliseconds: int) -> dict[Partition, int]:
        """Return, per partition, the first offset at or after this time, or the end."""
        consumer = Consumer(self._options | _CONSUMER | {"group.id": "firebreak-unassigned"})
        try:
            spots = [
                TopicPartition(topic, number, milliseconds)
                for number in range(self.partitions(topic))
            ]
            found = self._ask(consumer.offsets_for_times, spots, timeout=REQUEST_TIMEOUT)
            answers = {Partition(spot.topic, spot.partition): spot.offset for spot in found}
        finally:
            consumer.close()
        return {
            partition: offset if offset >= 0 else self.bounds(partition)[1]
            for partition, offset in answers.items()
        }

    def committed(self, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the group's committed offsets; a partition without one is absent."""
        consumer = Consumer(self._options | _CONSUMER | {"group.id": group})
        try:
            spots = [TopicPartition(partition.topic, partition.number) for partition in partitions]
            found = self._ask(consumer.committed, spots, timeout=REQUEST_TIMEOUT)
        finally:
            consumer.close()
        return {
            Partition(spot.topic, spot.partition): spot.offset
            for spot in found
            if spot.offset != OFFSET_INVALID
        }

    def create(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Create the topics that do not exist; return their names once every broker knows them."""
        present = self._ask(self._admin.list_topics, timeout=REQUEST_TIMEOUT).topics
        wanted = [
            NewTopic(spec.name, spec.partitions, self._replication, config=spec.config)
            for spec in specs
            if spec.name not in present
        ]
        created = []
        for name, answer in (self._admin.create_topics(wanted) if wanted else {}).items():
            try:
                answer.result(REQUEST_TIMEOUT)
                created.append(name)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise ConfigurationError(f"cannot create topic {name}: {error}") from error
        for name in created:
            self._await_topic(name)
        return created

    def _await_topic(self, name: str) -> None:
        deadline = time.monotonic() + REQUEST_TIMEOUT
        while not self.partitions(name):
            if time.monotonic() > deadline:
                raise TransientError(f"topic {name} was created but no broker lists it yet")
            time.sleep(0.05)

    def differences(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Say how existing topics differ from their specification."""
        found: list[str] = []
        for spec in specs:
            count = self.partitions(spec.name)
            if not count:
                found.append(f"{spec.name} does not exist")
                continue
            if count != spec.partitions:
                found.append(f"{spec.name} has {count} partitions, expected {spec.partitions}")
            actual = self._config(spec.name)
            found += [
                f"{spec.name}: {name} is {actual.get(name)}, expected {value}"
                for name, value in spec.config.items()
                if actual.get(name) != value
            ]
        return found

    def _config(self, topic: str) -> dict[str, str]:
        resource = ConfigResource(ResourceType.TOPIC, topic)
        answers = self._ask(self._admin.describe_configs, [resource])
        entries = next(iter(answers.values())).result(REQUEST_TIMEOUT)
        return {name: str(entry.value) for name, entry in entries.items()}

    def _ask(self, question: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return question(*arguments, **options)
        except KafkaException as error:
            servers = self._options.get("bootstrap.servers")
            raise TransientError(f"no answer from Kafka at {servers}: {error}") from error


class KafkaProducer:
    """An idempotent producer whose failures surface at the next `flush`."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._producer = Producer(dict(options))
        self._failures: list[str] = []

    def send(
        self,
        topic: str,
        value: bytes,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        """Queue one record; wait for room while the queue is full."""
        deadline = time.monotonic() + QUEUE_TIMEOUT
        while True:
            try:
                self._producer.produce(
                    topic,
                    value,
                    key,
                    _BY_KEY if partition is None else partition,
                    self._delivered,
                    headers=list(headers),
                )
                break
            except BufferError as error:
                if time.monotonic() > deadline:
                    raise TransientError("the producer's queue stays full") from error
                self._producer.poll(0.05)
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, message: RawMessage) -> None:
        if error is not None:
            self._failures.append(f"{message.topic()}[{message.partition()}]: {error}")

    def flush(self) -> None:
        """Return once every queued record is acknowledged."""
        left = self._producer.flush(FLUSH_TIMEOUT)
        if left or self._failures:
            first = self._failures[0] if self._failures else f"no answer in {FLUSH_TIMEOUT:g} s"
            raise UnsafeToContinueError(
                f"{left + len(self._failures)} records were not acknowledged; first: {first}"
            )

    def close(self) -> None:
        """Flush and let go."""
        self.flush()


class KafkaConsumer:
    """A consumer that never commits by itself."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._consumer = Consumer(dict(options))
        self._rebalance: Rebalance | None = None
        self._positions: dict[Partition, int] = {}
        self._fault: Exception | None = None

    def subscribe(self, topics: Sequence[str], rebalance: Rebalance) -> None:
        """Join the group for these topics."""
        self._rebalance = rebalance
        self._consumer.subscribe(
            list(topics),
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def _on_assign(self, consumer: Consumer, spots: list[TopicPartition]) -> None:
        partitions = [Partition(spot.topic, spot.partition) for spot in spots]
        starts = self._guarded("assigned", partitions) or {}
        for spot, partition in zip(spots, partitions, strict=True):
            if partition in starts:
                spot.offset = starts[partition]
        consumer.incremental_assign(spots)

    def _on_revoke(self, _consumer: Consumer, spots: list[TopicPartition]) -> None:
        partitions = [Partition(spot.topic, spot.partition) for spot in spots]
        self._guarded("revoked", partitions)
        self._forget(partitions)

    def _on_lost(self, _consumer: Consumer, spots: list[TopicPartition]) -> None:
        partitions = [Partition(spot.topic, spot.partition) for spot in spots]
        self._guarded("lost", partitions)
        self._forget(partitions)

    def _guarded(self, step: str, partitions: list[Partition]) -> Offsets | None:
        """Call the service; librdkafka swallows what a callback raises, so `fetch` raises it."""
        try:
            found: Offsets | None = getattr(self._rebalance, step)(partitions)
        except Exception as error:  # noqa: BLE001 - kept, and raised by the next fetch
            self._fault = error
            return None
        return found

    def _forget(self, partitions: Iterable[Partition]) -> None:
        for partition in partitions:
            self._positions.pop(partition, None)

    def assign(self, offsets: Offsets) -> None:
        """Read exactly these partitions from these offsets."""
        self._positions = dict(offsets)
        self._consumer.assign(
            [TopicPartition(spot.topic, spot.number, offset) for spot, offset in offsets.items()]
        )

    def fetch(self, limit: int, timeout: float) -> list[Message]:
        """Wait for the first record, then drain what is there."""
        first = self._consumer.poll(timeout)
        raw = [] if first is None else [first, *self._consumer.consume(limit - 1, 0)]
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        return [message for message in map(self._message, raw) if message is not None]

    def _message(self, raw: RawMessage) -> Message | None:
        error = raw.error()
        topic, number, offset = str(raw.topic()), int(raw.partition() or 0), int(raw.offset() or 0)
        if error is None:
            self._positions[Partition(topic, number)] = offset + 1
            headers = cast("tuple[tuple[str, bytes | None], ...]", tuple(raw.headers() or ()))
            return Message(topic, number, offset, raw.key(), raw.value(), headers)
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the constant's public name
            self._positions[Partition(topic, number)] = offset
            return None
        if error.fatal() or not error.retriable():
            raise UnsafeToContinueError(f"reading {topic}[{number}] at {offset}: {error}")
        _log.warning("fetch_failed", error=str(error))
        return None

    def position(self, partition: Partition) -> int:
        """Return the offset up to which everything was fetched."""
        return self._positions[partition]

    def commit(self, offsets: Offsets) -> None:
        """Record the group's position and wait for the answer."""
        if not offsets:
            return
        spots = [TopicPartition(spot.topic, spot.number, at) for spot, at in offsets.items()]
        try:
            self._consumer.commit(offsets=spots, asynchronous=False)
        except KafkaException as error:
            raise TransientError(f"commit failed: {error}") from error

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Fetch nothing from these until resumed."""
        self._consumer.pause([TopicPartition(spot.topic, spot.number) for spot in partitions])

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch from these again."""
        self._consumer.resume([TopicPartition(spot.topic, spot.number) for spot in partitions])

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()
