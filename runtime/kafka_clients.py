"""A producer and a consumer on confluent-kafka, behind the broker port."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as RawMessage

from runtime.broker import Message, Offsets, Partition, Rebalance
from runtime.logs import logger
from schemas.errors import TransientError, UnsafeToContinueError
from schemas.headers import Headers

_log = logger(__name__)

FLUSH_TIMEOUT = 30.0
"""Seconds within which queued records are acknowledged, or the producer counts as failed."""

QUEUE_TIMEOUT = 30.0
"""Seconds to wait for room in the producer's queue."""

_BY_KEY = -1
"""librdkafka's word for "let the partitioner choose"."""


def to_spot(namespace: str, partition: Partition, offset: int | None = None) -> TopicPartition:
    """Name a partition, and an offset in it, as the cluster does."""
    name = namespace + partition.topic
    if offset is None:
        return TopicPartition(name, partition.number)
    return TopicPartition(name, partition.number, offset)


def from_spot(namespace: str, spot: TopicPartition) -> Partition:
    """Name a partition as we do."""
    return Partition(spot.topic.removeprefix(namespace), spot.partition)


class KafkaProducer:
    """An idempotent producer whose failures surface at the next `flush`."""

    def __init__(self, options: Mapping[str, Any], namespace: str) -> None:
        self._producer = Producer(dict(options))
        self._space = namespace
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
                    self._space + topic,
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

    def __init__(self, options: Mapping[str, Any], namespace: str) -> None:
        self._consumer = Consumer(dict(options))
        self._space = namespace
        self._rebalance: Rebalance | None = None
        self._positions: dict[Partition, int] = {}
        self._fault: Exception | None = None

    def subscribe(self, topics: Sequence[str], rebalance: Rebalance) -> None:
        """Join the group for these topics."""
        self._rebalance = rebalance
        self._consumer.subscribe(
            [self._space + topic for topic in topics],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def _on_assign(self, consumer: Consumer, spots: list[TopicPartition]) -> None:
        partitions = [from_spot(self._space, spot) for spot in spots]
        starts = self._guarded("assigned", partitions) or {}
        for spot, partition in zip(spots, partitions, strict=True):
            if partition in starts:
                spot.offset = starts[partition]
        consumer.incremental_assign(spots)

    def _on_revoke(self, _consumer: Consumer, spots: list[TopicPartition]) -> None:
        partitions = [from_spot(self._space, spot) for spot in spots]
        self._guarded("revoked", partitions)
        self._forget(partitions)

    def _on_lost(self, _consumer: Consumer, spots: list[TopicPartition]) -> None:
        partitions = [from_spot(self._space, spot) for spot in spots]
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
            [to_spot(self._space, partition, offset) for partition, offset in offsets.items()]
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
        topic = str(raw.topic()).removeprefix(self._space)
        number, offset = int(raw.partition() or 0), int(raw.offset() or 0)
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
        spots = [to_spot(self._space, partition, offset) for partition, offset in offsets.items()]
        try:
            self._consumer.commit(offsets=spots, asynchronous=False)
        except KafkaException as error:
            raise TransientError(f"commit failed: {error}") from error

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Fetch nothing from these until resumed."""
        self._consumer.pause([to_spot(self._space, partition) for partition in partitions])

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch from these again."""
        self._consumer.resume([to_spot(self._space, partition) for partition in partitions])

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()
