"""What the broker port promises, of every adapter: records, offsets and topics."""

import os
import time
from typing import cast

import pytest

from runtime.broker import Broker, Message, Partition, Rebalance, read_all
from runtime.memory import MemoryBroker
from schemas.errors import ConfigurationError, UnsafeToContinueError
from tests.contract.members import (
    EVERY,
    FIRST,
    PATIENCE,
    THINGS,
    Member,
    Pen,
    everything,
    spec,
    until,
)


def test_records_of_a_partition_come_in_the_order_in_which_they_were_written(
    log: Broker, write: Pen
) -> None:
    written = [b"%d" % number for number in range(1000)]
    write(*written, partition=2)

    found = everything(log)

    assert [message.value for message in found] == written
    assert [message.offset for message in found] == list(range(1000))
    assert {message.origin for message in found} == {Partition(THINGS.name, 2)}


def test_one_key_always_goes_to_one_partition(log: Broker, write: Pen) -> None:
    for turn in range(3):
        for key in range(40):
            write(b"%d" % turn, key=b"key-%d" % key)

    homes: dict[bytes | None, set[int]] = {}
    for message in everything(log):
        homes.setdefault(message.key, set()).add(message.partition)

    assert len(homes) == 40
    assert all(len(partitions) == 1 for partitions in homes.values())
    assert len(set.union(*homes.values())) > 1


def test_a_given_partition_beats_the_key(log: Broker, write: Pen) -> None:
    for number in range(THINGS.partitions):
        write(b"x", key=b"same", partition=number)

    assert [message.partition for message in everything(log)] == [0, 1, 2, 3]


def test_key_value_and_headers_come_back_as_they_were(log: Broker) -> None:
    headers = (("a", b"\x00\xff"), ("b", b""), ("a", b"again"))
    producer = log.producer()
    producer.send(THINGS.name, b"\x00\xff", key=b"\xfe", headers=headers, partition=0)
    producer.send(THINGS.name, b"", partition=0)
    producer.flush()

    first, second = everything(log)

    assert (first.key, first.value, first.headers) == (b"\xfe", b"\x00\xff", headers)
    assert (second.key, second.value, second.headers) == (None, b"", ())


def test_a_record_tells_when_the_log_got_it(log: Broker, write: Pen) -> None:
    write(b"x", partition=0)
    (message,) = everything(log)
    assert log.offsets_at(THINGS.name, message.time)[message.origin] == 0
    assert log.offsets_at(THINGS.name, message.time + 1)[message.origin] == 1


def test_nothing_is_kept_apart_from_emptiness(log: Broker) -> None:
    """Others write tombstones and headers without a value; the port hands them out as they are."""
    producer = log.producer()
    producer.send(
        THINGS.name,
        cast("bytes", None),
        headers=(("absent", cast("bytes", None)), ("empty", b"")),
        partition=0,
    )
    producer.flush()

    (message,) = everything(log)

    assert message.value is None
    assert message.headers == (("absent", None), ("empty", b""))


def test_flush_tells_how_far_was_written(log: Broker) -> None:
    producer = log.producer()
    for number, count in ((0, 3), (2, 1)):
        for _ in range(count):
            producer.send(THINGS.name, b"x", partition=number)

    assert producer.flush() == {EVERY[0]: 3, EVERY[2]: 1}
    producer.send(THINGS.name, b"x", partition=0)
    assert producer.flush() == {EVERY[0]: 4, EVERY[2]: 1}


def test_a_record_that_the_log_refuses_surfaces_at_flush(log: Broker) -> None:

    producer = log.producer()
    producer.send(THINGS.name, os.urandom(int(THINGS.config["max.message.bytes"]) + 1000))

    with pytest.raises(UnsafeToContinueError, match=THINGS.name):
        producer.flush()
    with pytest.raises(UnsafeToContinueError):
        producer.flush()


def test_a_partition_that_does_not_exist_surfaces_at_flush(log: Broker) -> None:
    producer = log.producer()
    producer.send(THINGS.name, b"x", partition=99)

    with pytest.raises(UnsafeToContinueError, match="99"):
        producer.flush()


def test_a_fetch_returns_no_more_than_asked(log: Broker, write: Pen) -> None:
    write(*[b"x"] * 50, partition=0)
    consumer = log.consumer()
    consumer.assign({FIRST: 0})
    sizes = []
    while consumer.position(FIRST) < 50:
        sizes.append(len(consumer.fetch(7, 1.0)))
    consumer.assign({FIRST: 0})
    ones = []
    while consumer.position(FIRST) < 5:
        ones.append(len(consumer.fetch(1, 1.0)))
    consumer.close()

    assert max(sizes) <= 7
    assert sum(sizes) == 50
    assert max(ones) == 1


def test_assigned_partitions_are_read_from_where_they_were_told(log: Broker, write: Pen) -> None:
    write(b"a", b"b", b"c", partition=0)
    write(b"d", b"e", partition=1)
    consumer = log.consumer()
    consumer.assign({EVERY[0]: 2, EVERY[1]: 0})
    found: list[Message] = []
    while consumer.position(EVERY[0]) < 3 or consumer.position(EVERY[1]) < 2:
        found += consumer.fetch(10, 1.0)
    consumer.close()

    assert sorted(message.value or b"" for message in found) == [b"c", b"d", b"e"]


def test_the_bounds_of_a_partition_are_known(log: Broker, write: Pen) -> None:
    assert log.bounds(FIRST) == (0, 0)
    write(b"a", b"b", partition=0)

    assert log.bounds(FIRST) == (0, 2)
    assert log.bounds(EVERY[1]) == (0, 0)


def _moment(broker: Broker) -> int:
    """A time in milliseconds after all that was written and before all that will be."""
    if isinstance(broker, MemoryBroker):
        broker.milliseconds += 2
        return broker.milliseconds - 1
    start = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 < start + 2:
        pass
    return start + 1


def test_offsets_are_found_by_time(log: Broker, write: Pen) -> None:
    beginning = _moment(log)
    write(b"a", b"b", partition=0)
    middle = _moment(log)
    write(b"c", partition=0)
    write(b"d", partition=1)
    end = _moment(log)

    def found(milliseconds: int) -> list[int]:
        answer = log.offsets_at(THINGS.name, milliseconds)
        return [answer[partition] for partition in EVERY]

    assert found(beginning) == [0, 0, 0, 0]
    assert found(middle) == [2, 0, 0, 0]
    assert found(end) == [3, 1, 0, 0]


def test_read_all_reads_to_the_end_that_was_there_and_no_further(log: Broker, write: Pen) -> None:
    write(b"a", b"b", b"c", partition=0)
    found: list[bytes | None] = []

    def take(message: Message) -> None:
        found.append(message.value)
        write(b"late", partition=0)

    assert read_all(log, FIRST, take, start=1) == 3
    assert found == [b"b", b"c"]
    assert read_all(log, EVERY[1], take) == 0


def test_topics_are_created_once(log: Broker) -> None:
    more = spec("more-v1", partitions=2)

    assert log.create([THINGS, more]) == ["more-v1"]
    assert log.create([THINGS, more]) == []
    assert (log.partitions("more-v1"), log.partitions("none-v1")) == (2, 0)


def test_a_topic_that_differs_from_its_specification_is_told(log: Broker) -> None:
    other = spec(partitions=8, hours=None)

    assert log.differences([THINGS]) == []
    assert log.differences([spec("none-v1"), other]) == [
        "none-v1 does not exist",
        "things-v1 has 4 partitions, expected 8",
        "things-v1: cleanup.policy is delete, expected compact",
    ]


def test_a_topic_that_does_not_exist_is_called_missing(log: Broker) -> None:
    with pytest.raises(ConfigurationError, match=r"none-v1.*[Cc]reate"):
        log.bounds(Partition("none-v1", 0))
    with pytest.raises(ConfigurationError, match=r"none-v1.*[Cc]reate"):
        log.offsets_at("none-v1", 0)

    consumer = log.consumer("group")

    def listen() -> None:
        consumer.subscribe(["none-v1"], cast("Rebalance", Member(log)))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            consumer.fetch(10, 0.1)

    with pytest.raises(ConfigurationError, match=r"none-v1.*[Cc]reate"):
        listen()
    consumer.close()


def test_a_producer_that_is_closed_has_written_everything(log: Broker) -> None:
    producer = log.producer()
    for number in range(100):
        producer.send(THINGS.name, b"%d" % number, partition=0)
    producer.close()

    assert log.bounds(FIRST) == (0, 100)


def test_a_member_knows_how_far_it_is_behind(log: Broker, write: Pen) -> None:
    member = Member(log)
    assert member.consumer.lags() == {}
    write(*[b"x"] * 500, partition=2)
    member.join()
    while not member.got:
        member.turn()
    while member.consumer.lags().get(Partition(THINGS.name, 2)):
        member.got += member.consumer.fetch(50, 0.05)
    assert len(member.got) == 500

    write(b"y", partition=2)
    until(lambda: len(member.got) == 501, member)
    assert member.consumer.lags()[Partition(THINGS.name, 2)] == 0
    member.consumer.close()
