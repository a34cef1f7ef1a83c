"""What librdkafka is told: what is usual, what the settings change, what nothing changes."""

import logging
from collections.abc import Mapping
from typing import Any

from runtime.kafka_producer import FLUSH_TIMEOUT
from runtime.logs import KAFKA_LIBRARY
from schemas.errors import ConfigurationError
from schemas.topics import MAX_DEAD_LETTER_BYTES

_LARGEST = MAX_DEAD_LETTER_BYTES + 1024 * 1024

_USUAL: dict[str, Any] = {"log_level": 3, "logger": logging.getLogger(KAFKA_LIBRARY)}
_USUAL_PRODUCER: dict[str, Any] = {
    "linger.ms": 0,
    "compression.type": "lz4",
    "delivery.timeout.ms": int(FLUSH_TIMEOUT * 1000),
    "queue.buffering.max.messages": 200_000,
}
_USUAL_CONSUMER: dict[str, Any] = {
    "fetch.wait.max.ms": 20,
    # The library would read 64 MB ahead of us: memory that is fresh, and cold once we come to it.
    "queued.max.messages.kbytes": 8 * 1024,
    # By itself it would look again whether there is room only after a second.
    "fetch.queue.backoff.ms": 5,
    # An answer holds a batch that is over its limits for the first partition alone. A producer's
    # batch has up to 1 MB: with less room than that for each, the first starves the others.
    "fetch.message.max.bytes": 1024 * 1024,
    "fetch.max.bytes": _LARGEST * 4,
    "receive.message.max.bytes": _LARGEST * 4 + 1024,
    "session.timeout.ms": 6_000,  # the least that brokers allow: who died is replaced within it
    "heartbeat.interval.ms": 1000,
}
_FIXED_PRODUCER: dict[str, Any] = {
    "acks": "all",
    "enable.idempotence": True,
    "message.max.bytes": _LARGEST,
    "partitioner": "murmur2_random",  # the partitioner of Java clients, so that tools agree on keys
}
_FIXED_CONSUMER: dict[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",  # where to start is decided in `KafkaConsumer`
    "partition.assignment.strategy": "cooperative-sticky",
}
"""What the port promises rests on these, so no setting changes them."""


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that every client gets.

    Raises `ConfigurationError` for one that nobody may choose.
    """
    fixed = _FIXED_PRODUCER.keys() | _FIXED_CONSUMER.keys() | {"group.id", "enable.partition.eof"}
    chosen = sorted(options.keys() & fixed)
    if chosen:
        raise ConfigurationError(f"kafka.options: {', '.join(chosen)} cannot be chosen")
    return _USUAL | dict(options)


def for_producer(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a producer's options."""
    return _USUAL_PRODUCER | dict(options) | _FIXED_PRODUCER


def for_consumer(options: Mapping[str, Any], group: str, *, grouped: bool) -> dict[str, Any]:
    """Return the options of a group's member, or of a consumer that only goes by its name.

    The latter is told where a partition ends, which nothing else shows after compaction.
    """
    own = {"group.id": group, "enable.partition.eof": not grouped}
    return _USUAL_CONSUMER | dict(options) | _FIXED_CONSUMER | own
