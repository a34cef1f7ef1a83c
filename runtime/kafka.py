"""The broker port on Apache Kafka, through confluent-kafka.

Committing is ours (no auto-commit), rebalances are cooperative, the producer is idempotent with
acks=all. Any librdkafka option can be given through the settings and passes through as it is.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from runtime.broker import Partition
from runtime.kafka_clients import (
    FLUSH_TIMEOUT,
    KafkaConsumer,
    KafkaProducer,
    from_spot,
    to_spot,
)
from schemas.errors import ConfigurationError, TransientError
from schemas.topics import MAX_DEAD_LETTER_BYTES, TopicSpec

REQUEST_TIMEOUT = 15.0
"""Seconds to wait for an answer of the cluster to an administrative question."""

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
    """A Kafka cluster, reached with librdkafka's own options (`bootstrap.servers`, SASL, TLS).

    A `namespace` goes in front of every topic and group name on the cluster, and nowhere else: it
    keeps a replay, a second deployment or a test apart from the rest.
    """

    def __init__(
        self, options: Mapping[str, Any], *, replication: int = 1, namespace: str = ""
    ) -> None:
        self._options = {"log_level": 3, **options}
        self._replication = replication
        self._space = namespace
        self._admin = AdminClient(dict(self._options))

    def producer(self) -> "KafkaProducer":
        """Return a new producer."""
        return KafkaProducer(self._options | _PRODUCER, self._space)

    def consumer(self, group: str | None = None) -> "KafkaConsumer":
        """Return a new consumer; without a group it can only `assign`."""
        return KafkaConsumer(self._consumer_options(group), self._space)

    def _consumer_options(self, group: str | None) -> dict[str, Any]:
        name = {"group.id": self._space + (group or "firebreak-unassigned")}
        return self._options | _CONSUMER | name | {"enable.partition.eof": group is None}

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has, 0 when it does not exist."""
        name = self._space + topic
        found = self._ask(self._admin.list_topics, name, timeout=REQUEST_TIMEOUT)
        entry = found.topics.get(name)
        return 0 if entry is None or entry.error is not None else len(entry.partitions)

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset that is kept and the next one to be written."""
        consumer = Consumer(self._consumer_options(None))
        try:
            spot = to_spot(self._space, partition)
            low, high = self._ask(consumer.get_watermark_offsets, spot, timeout=REQUEST_TIMEOUT)
        finally:
            consumer.close()
        return low, high

    def offsets_at(self, topic: str, milliseconds: int) -> dict[Partition, int]:
        """Return, per partition, the first offset at or after this time, or the end."""
        consumer = Consumer(self._consumer_options(None))
        try:
            spots = [
                to_spot(self._space, Partition(topic, number), milliseconds)
                for number in range(self.partitions(topic))
            ]
            found = self._ask(consumer.offsets_for_times, spots, timeout=REQUEST_TIMEOUT)
            answers = {Partition(topic, spot.partition): spot.offset for spot in found}
        finally:
            consumer.close()
        return {
            partition: offset if offset >= 0 else self.bounds(partition)[1]
            for partition, offset in answers.items()
        }

    def committed(self, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the group's committed offsets; a partition without one is absent."""
        consumer = Consumer(self._consumer_options(group))
        try:
            spots = [to_spot(self._space, partition) for partition in partitions]
            found = self._ask(consumer.committed, spots, timeout=REQUEST_TIMEOUT)
        finally:
            consumer.close()
        return {
            from_spot(self._space, spot): spot.offset
            for spot in found
            if spot.offset != OFFSET_INVALID
        }

    def create(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Create the topics that do not exist; return their names once every broker knows them."""
        present = self._ask(self._admin.list_topics, timeout=REQUEST_TIMEOUT).topics
        wanted = [
            NewTopic(
                self._space + spec.name, spec.partitions, self._replication, config=spec.config
            )
            for spec in specs
            if self._space + spec.name not in present
        ]
        created = []
        for name, answer in (self._admin.create_topics(wanted) if wanted else {}).items():
            try:
                answer.result(REQUEST_TIMEOUT)
                created.append(name.removeprefix(self._space))
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
        resource = ConfigResource(ResourceType.TOPIC, self._space + topic)
        answers = self._ask(self._admin.describe_configs, [resource])
        entries = next(iter(answers.values())).result(REQUEST_TIMEOUT)
        return {name: str(entry.value) for name, entry in entries.items()}

    def _ask(self, question: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return question(*arguments, **options)
        except KafkaException as error:
            servers = self._options.get("bootstrap.servers")
            raise TransientError(f"no answer from Kafka at {servers}: {error}") from error
