"""The producer on confluent-kafka."""

import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as RawMessage

from runtime.broker import Offsets, Partition
from runtime.kafka_answers import code as code_of
from runtime.kafka_callbacks import weakly
from runtime.kafka_refusals import NOT_ALLOWED, not_allowed
from schemas.errors import TransientError, UnsafeToContinueError
from schemas.headers import Headers

FLUSH_TIMEOUT = 30.0
"""Seconds within which queued records are acknowledged, or the producer counts as failed."""

QUEUE_TIMEOUT = 30.0
"""Seconds to wait for room in the producer's queue."""

_BY_KEY = -1
"""librdkafka's word for "let the partitioner choose"."""


class KafkaProducer:
    """An idempotent producer whose failures surface at the next `flush`, and at every later one, or
    at a `send` when they are known by then."""

    def __init__(self, options: Mapping[str, Any], namespace: str) -> None:
        self._producer = Producer({**options, "on_delivery": weakly(self._delivered)})
        self._options = options
        self._space = namespace
        self._failures: list[str] = []
        self._refused: str | None = None
        self._ends: dict[tuple[str, int], int] = {}

    def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        """Queue one record; wait for room while the queue is full."""
        place = _BY_KEY if partition is None else partition
        carried: list[tuple[str, str | bytes | None]] = list(headers)
        deadline: float | None = None
        while True:
            try:
                self._producer.produce(self._space + topic, value, key, place, headers=carried)
                break
            except BufferError as error:
                deadline = deadline or time.monotonic() + QUEUE_TIMEOUT
                if time.monotonic() > deadline:
                    raise TransientError("the producer's queue stays full") from error
                self._producer.poll(0.05)
            except KafkaException as error:
                if code_of(error) in NOT_ALLOWED:  # the client knows without asking, by now
                    raise not_allowed(self._options, "write", topic) from error
                raise UnsafeToContinueError(f"{topic} takes no record: {error}") from error
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, message: RawMessage) -> None:
        place = str(message.topic()), int(message.partition() or 0)
        if error is not None:
            if error.code() in NOT_ALLOWED:
                self._refused = place[0].removeprefix(self._space)
            self._failures.append(f"{place[0]}[{place[1]}]: {error}")
        else:
            self._ends[place] = int(message.offset() or 0) + 1

    def waiting(self) -> int:
        """Return how many records are still on their way."""
        self._producer.poll(0)
        return len(self._producer)

    def flush(self) -> Offsets:
        """Return once every queued record is acknowledged: how far it has written."""
        left = self._producer.flush(FLUSH_TIMEOUT)
        if self._refused is not None:
            raise not_allowed(self._options, "write", self._refused)
        if left or self._failures:
            first = self._failures[0] if self._failures else f"no answer in {FLUSH_TIMEOUT:g} s"
            raise UnsafeToContinueError(
                f"{left + len(self._failures)} records were not acknowledged; first: {first}"
            )
        return {
            Partition(topic.removeprefix(self._space), number): end
            for (topic, number), end in self._ends.items()
        }

    def close(self) -> None:
        """Flush and let go."""
        self.flush()
