"""What only a real broker can show."""

import time
from collections.abc import Callable, Sequence

import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient

from runtime.broker import Message, Offsets, Partition, read_all
from runtime.clock import SystemClock
from runtime.kafka import KafkaBroker
from runtime.kafka_consumer import KafkaConsumer
from runtime.lag import LagGauge
from runtime.metrics import Metrics
from sandbox.kafka import LocalKafka
from schemas.chain import Price
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.topics import TopicSpec
from tests.waiting import until

pytestmark = pytest.mark.kafka

PATIENCE = 30.0
THINGS = TopicSpec(
    name="things-v1", doc="", records=(Price,), key="market", partitions=2, retention_hours=1
)
FIRST = Partition(THINGS.name, 0)


class Member:
    def __init__(self) -> None:
        self.owned: set[Partition] = set()
        self.lost_ones: set[Partition] = set()

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        self.owned |= set(partitions)
        return {}

    def revoked(self, partitions: Sequence[Partition]) -> None:
        self.owned -= set(partitions)

    def lost(self, partitions: Sequence[Partition]) -> None:
        self.owned -= set(partitions)
        self.lost_ones |= set(partitions)


def _write(broker: KafkaBroker, *values: bytes) -> None:
    producer = broker.producer()
    for value in values:
        producer.send(THINGS.name, value, partition=0)
    producer.flush()


def _until(condition: Callable[[], bool], turn: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        turn()


def _gather(consumer: KafkaConsumer, count: int) -> list[bytes | None]:
    found: list[Message] = []
    _until(lambda: len(found) >= count, lambda: found.extend(consumer.fetch(100, 0.1)))
    return [message.value for message in found]


def test_two_namespaces_share_a_cluster_and_nothing_else(bootstrap: str, namespace: str) -> None:
    options = {"bootstrap.servers": bootstrap}
    ours = KafkaBroker(options, namespace=f"{namespace}a.")
    theirs = KafkaBroker(options, namespace=f"{namespace}b.")
    ours.create([THINGS])
    assert theirs.partitions(THINGS.name) == 0
    theirs.create([THINGS])
    _write(ours, b"ours")
    _write(theirs, b"theirs")
    consumer = ours.consumer("group")
    consumer.subscribe([THINGS.name], Member())

    found = consumer.fetch(10, 0.1)
    _until(lambda: bool(found), lambda: found.extend(consumer.fetch(10, 0.1)))
    consumer.commit({FIRST: 1})
    consumer.close()

    assert [(message.topic, message.value) for message in found] == [(THINGS.name, b"ours")]
    assert ours.committed("group", [FIRST]) == {FIRST: 1}
    assert theirs.committed("group", [FIRST]) == {}


def test_a_gap_at_the_end_of_a_partition_is_not_waited_for(
    broker: KafkaBroker, bootstrap: str, namespace: str
) -> None:
    """Compaction and transactions leave offsets at which there is nothing to read."""
    broker.create([THINGS])
    transactional = confluent_kafka.Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": namespace}
    )
    transactional.init_transactions(PATIENCE)
    for commit in (True, False):
        transactional.begin_transaction()
        transactional.produce(namespace + THINGS.name, b"x", partition=0)
        transactional.flush()
        (transactional.commit_transaction if commit else transactional.abort_transaction)(PATIENCE)
    # The broker answers before it has written what ends a transaction into the partition.
    until(lambda: broker.bounds(FIRST)[1] == 4)
    found: list[Message] = []

    end = read_all(broker, FIRST, found.append)

    assert end == broker.bounds(FIRST)[1] == 4
    assert [message.offset for message in found] == [0]


def _remove_below(bootstrap: str, topic: str, offset: int) -> None:
    spot = confluent_kafka.TopicPartition(topic, 0, offset)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_records([spot])[spot].result(PATIENCE)


def test_records_removed_before_they_were_read_are_not_skipped_in_silence(
    broker: KafkaBroker, bootstrap: str, namespace: str
) -> None:
    broker.create([THINGS])
    _write(broker, *[b"x"] * 10)
    consumer = broker.consumer("group")
    consumer.subscribe([THINGS.name], Member())
    _gather(consumer, 10)
    consumer.commit({FIRST: 2})
    consumer.close()
    _remove_below(bootstrap, namespace + THINGS.name, 5)
    assert broker.bounds(FIRST) == (5, 10)

    again = broker.consumer("group")
    again.subscribe([THINGS.name], Member())
    with pytest.raises(UnsafeToContinueError, match=r"things-v1\[0\] does not hold offset 2"):
        _gather(again, 1)
    again.close()


def test_what_a_broker_keeps_back_shows_as_lag_until_it_gives_it(
    broker: KafkaBroker, bootstrap: str, namespace: str
) -> None:
    """The reader sees what a broker that withholds records shows: that they are there, and none of
    them. Here an open transaction has it do so, which no service of ours may begin."""
    broker.create([THINGS])
    _write(broker, b"before")
    consumer, metrics = broker.consumer(), Metrics()
    consumer.assign({FIRST: 0})
    assert _gather(consumer, 1) == [b"before"]
    holds = confluent_kafka.Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": namespace + "holds"}
    )
    holds.init_transactions()
    holds.begin_transaction()
    holds.produce(namespace + THINGS.name, b"held", partition=0)
    holds.flush()
    _write(broker, b"an alert", b"another")

    def shown() -> float | None:
        LagGauge(consumer.lags, metrics, SystemClock()).look()
        labels = {"topic": THINGS.name, "partition": "0"}
        return metrics.registry.get_sample_value("firebreak_consumer_lag", labels)

    given: list[Message] = []
    _until(lambda: shown() == 3, lambda: given.extend(consumer.fetch(100, 0.1)))
    assert given == []
    holds.abort_transaction()
    assert _gather(consumer, 2) == [b"an alert", b"another"]
    consumer.close()


def test_a_new_group_starts_at_what_is_kept(
    broker: KafkaBroker, bootstrap: str, namespace: str
) -> None:
    broker.create([THINGS])
    _write(broker, *[b"%d" % number for number in range(10)])
    _remove_below(bootstrap, namespace + THINGS.name, 5)
    consumer = broker.consumer("group")
    consumer.subscribe([THINGS.name], Member())

    assert _gather(consumer, 5)[0] == b"5"
    consumer.close()
    found: list[Message] = []
    assert read_all(broker, FIRST, found.append, start=1) == 10
    assert [message.offset for message in found] == [5, 6, 7, 8, 9]


def test_a_member_that_stood_still_is_told_that_its_partitions_are_lost(
    bootstrap: str, namespace: str
) -> None:
    hasty = {"session.timeout.ms": 1000, "heartbeat.interval.ms": 300, "max.poll.interval.ms": 1000}
    broker = KafkaBroker({"bootstrap.servers": bootstrap, **hasty}, namespace=namespace)
    broker.create([THINGS])
    still, brisk = Member(), Member()
    one, two = broker.consumer("group"), broker.consumer("group")
    one.subscribe([THINGS.name], still)
    _until(lambda: len(still.owned) == 2, lambda: one.fetch(10, 0.1))
    two.subscribe([THINGS.name], brisk)
    _until(lambda: len(brisk.owned) == 2, lambda: two.fetch(10, 0.1))

    assert still.owned == {FIRST, Partition(THINGS.name, 1)}, "nobody has told it yet"
    _until(lambda: len(still.lost_ones) == 2, lambda: one.fetch(10, 0.1))
    assert still.owned == set()

    _until(lambda: len(still.owned) == 1, lambda: (one.fetch(10, 0.1), two.fetch(10, 0.1)))
    assert still.owned | brisk.owned == {FIRST, Partition(THINGS.name, 1)}
    one.close()
    two.close()


def test_a_broker_that_is_killed_and_comes_back_loses_and_repeats_nothing(
    own_kafka: LocalKafka,
) -> None:
    broker = KafkaBroker({"bootstrap.servers": own_kafka.bootstrap})
    broker.create([THINGS])
    producer, consumer = broker.producer(), broker.consumer("group")
    consumer.subscribe([THINGS.name], Member())
    written = [b"%d" % number for number in range(2000)]
    for value in written[:1000]:
        producer.send(THINGS.name, value, partition=0)
    producer.flush()
    found = _gather(consumer, 1000)
    consumer.commit({Partition(THINGS.name, 0): 1000})  # the group may have to be joined anew

    for value in written[1000:1500]:
        producer.send(THINGS.name, value, partition=0)
    own_kafka.kill()
    for value in written[1500:]:
        producer.send(THINGS.name, value, partition=0)
    own_kafka.start()
    producer.flush()
    found += _gather(consumer, 1000)
    consumer.close()

    assert found == written


def test_a_cluster_that_is_not_there_is_said_to_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.kafka.REQUEST_TIMEOUT", 0.2)
    broker = KafkaBroker({"bootstrap.servers": "127.0.0.1:1"})

    with pytest.raises(TransientError, match=r"no answer from Kafka at 127\.0\.0\.1:1"):
        broker.partitions(THINGS.name)


def test_more_replicas_than_brokers_have_to_be_mended_first(bootstrap: str, namespace: str) -> None:
    broker = KafkaBroker({"bootstrap.servers": bootstrap}, replication=9, namespace=namespace)

    with pytest.raises(ConfigurationError, match=r"cannot create .*things-v1.*replicat"):
        broker.create([THINGS])
