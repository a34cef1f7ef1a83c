"""The broker port on Apache Kafka, through confluent-kafka.

Committing is ours (no auto-commit), rebalances are cooperative, the producer is idempotent with
acks=all. Any other librdkafka option can be given through the settings and passes through as it is.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from typing import Any

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from runtime.access import UNASSIGNED_GROUP
from runtime.broker import Partition
from runtime.kafka_answers import Answer, ask, code, require_each, words
from runtime.kafka_callbacks import weakly
from runtime.kafka_consumer import KafkaConsumer
from runtime.kafka_options import checked, for_consumer, for_producer
from runtime.kafka_producer import KafkaProducer
from runtime.kafka_refusals import NOT_ALLOWED, absent, not_admitted, not_allowed
from runtime.kafka_spots import from_spot, to_spot
from schemas.errors import ConfigurationError, TransientError
from schemas.topics import TopicSpec

REQUEST_TIMEOUT = 15.0
"""Seconds to wait for an answer of the cluster to an administrative question."""

_TURN = 1.0
_AS_THE_CLUSTER_DOES = -1
"""Kafka's word for its own default number of copies."""

_REFUSED = {
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.INVALID_CONFIG,
    KafkaError.INVALID_PARTITIONS,
    KafkaError.INVALID_REPLICATION_FACTOR,
    KafkaError.POLICY_VIOLATION,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.TOPIC_EXCEPTION,
}
"""Why a topic cannot be created before somebody changes something."""


class KafkaBroker:
    """A Kafka cluster, reached with librdkafka's own options (`bootstrap.servers`, SASL, TLS).

    A topic gets `replication` copies, or as many as the cluster makes by default. A `namespace`
    goes in front of every topic and group name on the cluster, and nowhere else: it keeps a replay,
    a second deployment or a test apart from the rest.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        *,
        replication: int | None = None,
        namespace: str = "",
    ) -> None:
        self._options = checked(options)
        self._replication = _AS_THE_CLUSTER_DOES if replication is None else replication
        self._space = namespace
        self._not_admitted: ConfigurationError | None = None
        try:
            told: dict[str, Any] = {**self._options, "error_cb": weakly(self._heard)}
            self._admin = AdminClient(told)
        except KafkaException as error:
            raise ConfigurationError(f"kafka.options: {words(error)}") from error

    def _heard(self, error: KafkaError) -> None:
        self._not_admitted = not_admitted(self._options, error) or self._not_admitted

    def producer(self) -> KafkaProducer:
        """Return a new producer."""
        return KafkaProducer(for_producer(self._options), self._space)

    def consumer(self, group: str | None = None) -> KafkaConsumer:
        """Return a new consumer; without a group it can only `assign`."""
        return KafkaConsumer(self._consumer_options(group), self._space)

    def _consumer_options(self, group: str | None) -> dict[str, Any]:
        name = self._space + (group or UNASSIGNED_GROUP)
        return for_consumer(self._options, name, grouped=group is not None)

    @cached_property
    def _inquirer(self) -> Consumer:
        """A consumer that reads nothing: librdkafka lets no one else ask for offsets and retry."""
        return Consumer(self._consumer_options(None))

    def _listing(self) -> ClusterMetadata:
        """All of it, because asking for a topic by name may create it.

        Asks in short turns, so that being turned away is said at once, not after the whole time.
        """
        deadline = time.monotonic() + REQUEST_TIMEOUT
        while True:
            try:
                return self._admin.list_topics(timeout=_TURN)
            except KafkaException:
                self._admin.poll(0)  # lets librdkafka say why nobody answers
                if self._not_admitted is not None or time.monotonic() > deadline:
                    raise

    def brokers(self) -> int:
        """Return how many brokers of the cluster are up."""
        return len(self._ask(self._listing).brokers)

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has, 0 when it does not exist."""
        return self._counts().get(topic, 0)

    def _counts(self) -> dict[str, int]:
        return {name: len(entry.partitions) for name, entry in self._topics().items()}

    def _led(self) -> set[str]:
        return {
            name
            for name, entry in self._topics().items()
            if all(partition.leader >= 0 for partition in entry.partitions.values())
        }

    def _topics(self) -> dict[str, Any]:
        return {
            name.removeprefix(self._space): entry
            for name, entry in self._ask(self._listing).topics.items()
            if name.startswith(self._space) and entry.error is None
        }

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset that is kept and the next one to be written."""
        spot = to_spot(self._space, partition)
        try:
            found = self._ask(
                lambda: self._inquirer.get_watermark_offsets(spot, timeout=REQUEST_TIMEOUT)
            )
        except TransientError:
            self._require(partition.topic)
            raise
        low, high = found
        return low, high

    def offsets_at(self, topic: str, milliseconds: int) -> dict[Partition, int]:
        """Return, per partition, the first offset at or after this time, or the end."""
        count = self._require(topic)
        spots = [to_spot(self._space, Partition(topic, n), milliseconds) for n in range(count)]
        found = self._ask(
            lambda: require_each(self._inquirer.offsets_for_times(spots, timeout=REQUEST_TIMEOUT))
        )
        answers = {from_spot(self._space, spot): spot.offset for spot in found}
        return {
            partition: offset if offset >= 0 else self.bounds(partition)[1]
            for partition, offset in answers.items()
        }

    def committed(self, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the group's committed offsets; a partition without one is absent.

        Raises `TransientError` when the group's coordinator does not know one of them.
        """
        consumer = Consumer(self._consumer_options(group))
        try:
            spots = [to_spot(self._space, partition) for partition in partitions]
            found = self._ask(
                lambda: require_each(consumer.committed(spots, timeout=REQUEST_TIMEOUT))
            )
        finally:
            consumer.close()
        return {
            from_spot(self._space, spot): spot.offset
            for spot in found
            if spot.offset != OFFSET_INVALID
        }

    def require_group(self, group: str) -> None:
        """Raise `ConfigurationError` if this user may not join a group.

        A consumer of ours is told so itself; Faust's would ask for ever, without a word.
        """
        name = self._space + group
        try:
            self._admin.describe_consumer_groups([name], request_timeout=REQUEST_TIMEOUT)[
                name
            ].result(REQUEST_TIMEOUT)
        except (KafkaException, TimeoutError) as error:
            if code(error) in NOT_ALLOWED:
                raise not_allowed(self._options, "join", f"group {name}") from error
            # Anything else speaks not against us: the group may not exist yet.

    def create(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Create the topics that do not exist; return their names once the cluster lists them, each
        partition with a leader: they can be written and read."""
        present = self._counts()
        wanted = [
            NewTopic(
                self._space + spec.name, spec.partitions, self._replication, config=spec.config
            )
            for spec in specs
            if spec.name not in present
        ]
        answers = self._admin.create_topics(wanted) if wanted else {}
        created = [name for name, answer in answers.items() if self._is_new(name, answer)]
        self._await({name.removeprefix(self._space) for name in created})
        return [name.removeprefix(self._space) for name in created]

    def _is_new(self, name: str, answer: Any) -> bool:
        try:
            self._ask(partial(answer.result, REQUEST_TIMEOUT))
        except TransientError as error:
            cause = error.__cause__
            if code(cause) == KafkaError.TOPIC_ALREADY_EXISTS:
                return False
            if code(cause) in _REFUSED:
                raise ConfigurationError(f"cannot create {name}: {words(cause)}") from error
            raise
        return True

    def _await(self, names: AbstractSet[str]) -> None:
        deadline = time.monotonic() + REQUEST_TIMEOUT
        while missing := names - self._led():
            if time.monotonic() > deadline:
                raise TransientError(
                    f"created, but without leaders yet: {', '.join(sorted(missing))}"
                )
            time.sleep(0.05)

    def differences(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Say how existing topics differ from their specification."""
        specs, counts = tuple(specs), self._counts()
        actual = self._configs([spec.name for spec in specs if spec.name in counts])
        return [
            difference
            for spec in specs
            for difference in spec.differences(counts.get(spec.name, 0), actual.get(spec.name, {}))
        ]

    def _configs(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ResourceType.TOPIC, self._space + topic) for topic in topics]
        answers = self._admin.describe_configs(resources) if resources else {}
        found = {
            resource.name: self._ask(partial(answer.result, REQUEST_TIMEOUT))
            for resource, answer in answers.items()
        }
        return {
            topic.removeprefix(self._space): {n: str(e.value) for n, e in entries.items()}
            for topic, entries in found.items()
        }

    def _require(self, topic: str) -> int:
        count = self.partitions(topic)
        if not count:
            raise ConfigurationError(absent(self._options, [topic]))
        return count

    def require(self, topics: Iterable[str]) -> None:
        """Raise `ConfigurationError` naming the topics that do not exist or are kept from us."""
        counts = self._counts()
        missing = [topic for topic in topics if topic not in counts]
        if missing:
            raise ConfigurationError(absent(self._options, missing))

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        self._not_admitted = None
        try:
            return ask(self._options.get("bootstrap.servers", ""), REQUEST_TIMEOUT, question)
        except TransientError as error:
            if self._not_admitted is not None:
                raise self._not_admitted from error
            raise
