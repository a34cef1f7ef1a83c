"""What librdkafka may do between two lines of ours, played by a stand-in."""

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, TopicPartition
from confluent_kafka import Message as RawMessage

from runtime import kafka_consumer
from runtime.broker import Offsets, Partition
from runtime.kafka_consumer import KafkaConsumer
from runtime.kafka_options import checked, for_consumer, for_producer
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError

HERE, THERE = Partition("things-v1", 0), Partition("things-v1", 1)


class Raw(RawMessage):
    """A record or an error as librdkafka hands it out."""

    def __init__(self, partition: Partition, offset: int, error: KafkaError | None = None) -> None:
        super().__init__(
            topic=f"space.{partition.topic}",
            partition=partition.number,
            offset=offset,
            value=b"%d" % offset,
            timestamp=(1, 1_767_225_600_000),
            error=error,
        )


class Librdkafka:
    """Hands out what `polls` and `batches` hold; a function among them is a callback."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.on_commit = options["on_commit"]
        self.polls: list[Raw | Callable[[], None]] = []
        self.batches: list[Raw | Callable[[], None]] = []
        self.assigned: list[TopicPartition] = []
        self.paused: list[TopicPartition] = []
        self.answers: list[TopicPartition] = []
        self.at_close: Callable[[], None] = lambda: None
        self.committed_offset = -1001
        self.unknown: Any = None
        """What `committed` says of each partition instead."""

    def subscribe(self, _topics: list[str], **callbacks: Callable[..., None]) -> None:
        self._callbacks = callbacks

    def say(self, step: str, *partitions: Partition) -> Callable[[], None]:
        spots = [TopicPartition(f"space.{p.topic}", p.number) for p in partitions]
        return lambda: self._callbacks[step](self, spots)

    def poll(self, _timeout: float) -> Raw | None:
        while self.polls:
            step = self.polls.pop(0)
            if isinstance(step, Raw):
                return step
            step()
        return None

    def consume(self, count: int, _timeout: float) -> list[Raw]:
        found: list[Raw] = []
        while self.batches and len(found) < count:
            step = self.batches.pop(0)
            if isinstance(step, Raw):
                found.append(step)
            else:
                step()
        return found

    def incremental_assign(self, spots: list[TopicPartition]) -> None:
        self.assigned += spots

    def pause(self, spots: list[TopicPartition]) -> None:
        self.paused += spots

    def resume(self, spots: list[TopicPartition]) -> None:
        self.paused = [spot for spot in self.paused if spot not in spots]

    def committed(self, spots: list[TopicPartition], _timeout: float) -> list[TopicPartition]:
        if self.unknown is not None:
            return [self.unknown for _ in spots]
        return [TopicPartition(s.topic, s.partition, self.committed_offset) for s in spots]

    def commit(self, **_what: Any) -> list[TopicPartition]:
        return self.answers

    def close(self) -> None:
        self.at_close()


class Member:
    def __init__(self) -> None:
        self.story: list[tuple[str, tuple[Partition, ...]]] = []
        self.starts: dict[Partition, int] = {}
        self.fails_at = ""

    def _note(self, step: str, partitions: Sequence[Partition]) -> None:
        self.story.append((step, tuple(partitions)))
        if step == self.fails_at:
            raise UnsafeToContinueError("no room")

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        self._note("assigned", partitions)
        return self.starts

    def revoked(self, partitions: Sequence[Partition]) -> None:
        self._note("revoked", partitions)

    def lost(self, partitions: Sequence[Partition]) -> None:
        self._note("lost", partitions)


@pytest.fixture
def member() -> Member:
    return Member()


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch, member: Member) -> KafkaConsumer:
    monkeypatch.setattr(kafka_consumer, "Consumer", Librdkafka)
    made = KafkaConsumer({"group.id": "readers"}, "space.")
    made.subscribe(["things-v1"], member)
    return made


@pytest.fixture
def library(consumer: KafkaConsumer) -> Librdkafka:
    return cast("Librdkafka", consumer._consumer)


def _offsets(consumer: KafkaConsumer) -> list[tuple[int, int]]:
    return [(message.partition, message.offset) for message in consumer.fetch(100, 0)]


def test_a_record_whose_partition_leaves_in_the_same_fetch_is_kept_back(
    consumer: KafkaConsumer, library: Librdkafka
) -> None:
    library.polls = [library.say("on_assign", HERE, THERE), Raw(HERE, 0)]
    library.batches = [Raw(THERE, 0), library.say("on_revoke", HERE), Raw(THERE, 1)]

    assert _offsets(consumer) == [(1, 0), (1, 1)]
    with pytest.raises(KeyError):
        consumer.position(HERE)


def test_a_record_after_its_partition_came_back_is_handed_out(
    consumer: KafkaConsumer, library: Librdkafka
) -> None:
    library.polls = [
        library.say("on_assign", HERE),
        library.say("on_revoke", HERE),
        library.say("on_assign", HERE),
        Raw(HERE, 0),
    ]
    assert _offsets(consumer) == [(0, 0)]

    library.polls = [Raw(HERE, 1)]
    library.batches = [
        library.say("on_lost", HERE), library.say("on_assign", HERE), Raw(HERE, 1),
    ]  # fmt: skip
    assert (0, 1) in _offsets(consumer)


def test_a_partition_starts_as_told_else_as_committed_else_at_the_beginning(
    consumer: KafkaConsumer, library: Librdkafka, member: Member
) -> None:
    member.starts = {HERE: 7}
    library.polls = [library.say("on_assign", HERE, THERE)]
    consumer.fetch(1, 0)
    library.committed_offset = 3
    library.polls = [library.say("on_assign", THERE)]
    consumer.fetch(1, 0)

    assert [spot.offset for spot in library.assigned] == [7, -2, 3]


def test_a_partition_whose_position_is_not_known_is_not_read_from_the_beginning(
    consumer: KafkaConsumer, library: Librdkafka
) -> None:
    class Unknown:
        """Its error cannot be set from outside."""

        offset = -1001
        error = KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS)

    library.unknown = Unknown()
    library.polls = [library.say("on_assign", HERE)]
    with pytest.raises(TransientError, match="where the group stands is not known"):
        consumer.fetch(1, 0)


def test_after_a_failed_callback_the_service_is_told_nothing_more(
    consumer: KafkaConsumer, library: Librdkafka, member: Member
) -> None:
    member.fails_at = "revoked"
    library.polls = [
        library.say("on_assign", HERE, THERE),
        library.say("on_revoke", HERE),
        library.say("on_revoke", THERE),
    ]

    with pytest.raises(UnsafeToContinueError, match="no room"):
        consumer.fetch(1, 0)
    assert member.story == [("assigned", (HERE, THERE)), ("revoked", (HERE,))]


def test_what_fails_while_the_group_is_left_is_raised(
    consumer: KafkaConsumer, library: Librdkafka, member: Member
) -> None:
    member.fails_at = "revoked"
    library.at_close = library.say("on_revoke", HERE)

    with pytest.raises(UnsafeToContinueError, match="no room"):
        consumer.close()


def test_who_stood_still_has_lost_what_is_revoked(
    consumer: KafkaConsumer,
    library: Librdkafka,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library.polls = [library.say("on_assign", HERE)]
    consumer.fetch(1, 0)
    later = time.monotonic() + 301
    monkeypatch.setattr(time, "monotonic", lambda: later)
    library.polls = [library.say("on_revoke", HERE)]
    consumer.fetch(1, 0)

    assert member.story[-1] == ("lost", (HERE,))


def test_a_pause_ends_when_the_partition_leaves(
    consumer: KafkaConsumer, library: Librdkafka
) -> None:
    library.polls = [library.say("on_assign", HERE)]
    consumer.fetch(1, 0)
    consumer.pause([HERE])
    library.polls = [library.say("on_revoke", HERE)]
    consumer.fetch(1, 0)
    library.paused = []
    library.polls = [library.say("on_assign", HERE)]
    consumer.fetch(1, 0)

    assert library.paused == []


def test_the_end_of_a_partition_moves_its_position_over_a_gap(
    consumer: KafkaConsumer, library: Librdkafka
) -> None:
    end = KafkaError(KafkaError._PARTITION_EOF)
    library.polls = [Raw(HERE, 3)]
    library.batches = [Raw(HERE, 9, end)]

    assert _offsets(consumer) == [(0, 3)]
    assert consumer.position(HERE) == 9


def test_a_commit_that_failed_for_one_partition_failed(
    consumer: KafkaConsumer, library: Librdkafka
) -> None:
    class Refused:
        topic = "space.things-v1"
        error = KafkaError(KafkaError.OFFSET_METADATA_TOO_LARGE)

    library.answers = [Refused()]  # type: ignore[list-item]  # its error cannot be set from outside

    with pytest.raises(TransientError, match="things-v1"):
        consumer.commit({HERE: 1})


def test_a_commit_that_nobody_waits_for_fails_later(
    consumer: KafkaConsumer, library: Librdkafka
) -> None:
    told: list[Offsets] = []
    spots = [TopicPartition("space.things-v1", 0, 1)]
    consumer.commit_soon({HERE: 1}, told.append)
    answer = KafkaError(KafkaError.ILLEGAL_GENERATION)
    library.polls = [lambda: library.on_commit(answer, spots), Raw(HERE, 3)]
    assert _offsets(consumer) == [(0, 3)]
    assert told == [], "it is tried again"

    library.polls = [lambda: library.on_commit(None, spots)]
    consumer.fetch(1, 0)
    assert told == [{HERE: 1}]

    refused = KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED)
    library.polls = [lambda: library.on_commit(refused, spots), Raw(HERE, 4)]
    with pytest.raises(ConfigurationError, match="may not commit as"):
        consumer.fetch(1, 0)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, ConfigurationError),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, ConfigurationError),
        (KafkaError._AUTO_OFFSET_RESET, UnsafeToContinueError),
        (KafkaError._BAD_MSG, UnsafeToContinueError),
    ],
)
def test_an_error_is_named_by_the_next_move(
    consumer: KafkaConsumer, library: Librdkafka, code: int, error: type[Exception]
) -> None:
    library.polls = [Raw(HERE, 3, KafkaError(code))]

    with pytest.raises(error, match="things-v1"):
        consumer.fetch(1, 0)


@pytest.mark.parametrize(
    "name", ["acks", "enable.auto.commit", "auto.offset.reset", "group.id", "partitioner"]
)
def test_what_the_port_promises_cannot_be_chosen_away(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        checked({name: "x"})


def test_any_other_option_passes_through_and_beats_what_is_usual() -> None:
    options = checked({"linger.ms": 5, "session.timeout.ms": 6000, "sasl.mechanism": "PLAIN"})

    assert for_producer(options)["linger.ms"] == 5
    assert for_consumer(options, "g", grouped=True)["session.timeout.ms"] == 6000
    assert for_producer(options)["sasl.mechanism"] == "PLAIN"
    assert for_producer(options)["acks"] == "all"
    assert for_consumer(options, "g", grouped=True)["enable.auto.commit"] is False
