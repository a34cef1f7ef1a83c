"""What the broker port promises, of every adapter: groups, rebalances and back-pressure."""

import time
from collections.abc import Sequence
from typing import cast

import pytest

from runtime.broker import Broker, Offsets, Partition
from schemas.errors import UnsafeToContinueError
from tests.contract.members import EVERY, FIRST, PATIENCE, Member, Pen, until


def test_a_fetch_without_records_returns(log: Broker) -> None:
    member = Member(log)
    member.join()

    until(lambda: len(member.owned) == 4, member)

    assert member.consumer.fetch(10, 0.01) == []


def test_a_group_starts_at_the_beginning_and_goes_on_where_it_committed(
    log: Broker, write: Pen
) -> None:
    write(b"a", b"b", b"c", partition=0)
    before = Member(log)
    before.join()
    until(lambda: len(before.got) == 3, before)
    before.consumer.commit({FIRST: 2})
    before.consumer.close()

    after = Member(log)
    after.join()
    write(b"d", partition=0)
    until(lambda: len(after.got) == 2, after)
    after.consumer.close()

    assert before.values() == [b"a", b"b", b"c"]
    assert after.values() == [b"c", b"d"]


def test_a_commit_that_is_not_waited_for_gets_there(log: Broker, write: Pen) -> None:
    write(b"a", b"b", partition=0)
    member = Member(log)
    member.join()
    until(lambda: len(member.got) == 2, member)

    told: list[Offsets] = []
    member.consumer.commit_soon({FIRST: 2}, told.append)

    until(lambda: bool(told), member)
    assert told == [{FIRST: 2}]
    assert log.committed("group", [FIRST]) == {FIRST: 2}


def test_a_group_s_offsets_are_known_to_everybody(log: Broker, write: Pen) -> None:
    write(b"a", b"b", partition=0)
    member = Member(log)
    member.join()
    until(lambda: len(member.got) == 2, member)

    assert log.committed("group", EVERY) == {}
    member.consumer.commit({FIRST: 1})
    member.consumer.commit({})
    member.consumer.close()

    assert log.committed("group", EVERY) == {FIRST: 1}
    assert log.committed("other", EVERY) == {}


def test_what_was_not_committed_is_read_again(log: Broker, write: Pen) -> None:
    write(b"a", b"b", partition=0)
    for _ in range(2):
        member = Member(log)
        member.join()
        until(lambda: len(member.got) == 2, member)  # noqa: B023 - called at once
        member.consumer.close()

        assert member.values() == [b"a", b"b"]


def test_a_member_says_where_to_start(log: Broker, write: Pen) -> None:
    write(b"a", b"b", b"c", partition=0)
    write(b"z", partition=1)
    member = Member(log)
    member.starts = {FIRST: 1}
    member.join()
    until(lambda: len(member.got) == 3, member)
    member.consumer.close()

    assert sorted(cast("list[bytes]", member.values())) == [b"b", b"c", b"z"]


def test_a_second_member_takes_over_a_share_and_the_first_keeps_the_rest(
    log: Broker, write: Pen
) -> None:
    story: list[str] = []
    one, two = Member(log, story, "one"), Member(log, story, "two")
    one.join()
    until(lambda: len(one.owned) == 4, one)
    two.join()
    until(lambda: len(one.owned) == len(two.owned) == 2, one, two)

    for partition in EVERY:
        write(b"%d" % partition.number, partition=partition.number)
    until(lambda: len(one.got) + len(two.got) == 4, one, two)

    assert one.owned | two.owned == set(EVERY)
    assert {message.origin for message in one.got} == one.owned
    assert {message.origin for message in two.got} == two.owned
    for partition in two.owned:
        gives, gets = f"one gives {partition.number}", f"two gets {partition.number}"
        assert story.index(gives) < story.index(gets)
    for partition in one.owned:
        assert story.count(f"one gets {partition.number}") == 1
    one.consumer.close()
    two.consumer.close()


def test_a_member_that_leaves_gives_its_partitions_back(log: Broker) -> None:
    story: list[str] = []
    one, two = Member(log, story, "one"), Member(log, story, "two")
    one.join()
    two.join()
    until(lambda: len(one.owned) == len(two.owned) == 2, one, two)
    share = [partition.number for partition in sorted(one.owned)]
    story.clear()

    one.consumer.close()
    until(lambda: len(two.owned) == 4, two)

    assert one.owned == set()
    assert sorted(story[:2]) == [f"one gives {number}" for number in share]
    assert sorted(story[2:]) == [f"two gets {number}" for number in share]
    two.consumer.close()


def test_a_record_fetched_before_its_partition_left_is_not_handed_out_after(
    log: Broker, write: Pen
) -> None:
    write(*[b"x"] * 200, partition=0)
    write(*[b"x"] * 200, partition=3)
    one, two = Member(log), Member(log)
    one.join()
    until(lambda: len(one.owned) == 4, one)
    two.join()
    deadline = time.monotonic() + PATIENCE
    while len(two.owned) < 2:
        assert time.monotonic() < deadline
        handed = one.consumer.fetch(3, 0.01)
        assert {message.origin for message in handed} <= one.owned
        two.turn()
    one.consumer.close()
    two.consumer.close()


@pytest.mark.parametrize("step", ["assigned", "revoked"])
def test_what_a_service_raises_in_a_rebalance_is_raised_to_it(log: Broker, step: str) -> None:
    member = Member(log)

    def fail(_partitions: Sequence[Partition]) -> Offsets:
        raise UnsafeToContinueError("no room")

    setattr(member, step, fail)

    def live() -> None:
        member.join()
        deadline = time.monotonic() + PATIENCE
        while len(member.owned) < 4:
            assert time.monotonic() < deadline
            member.turn()
        member.consumer.close()

    with pytest.raises(UnsafeToContinueError, match="no room"):
        live()


def test_a_paused_partition_waits_while_others_go_on(log: Broker, write: Pen) -> None:
    member = Member(log)
    member.join()
    until(lambda: len(member.owned) == 4, member)
    member.consumer.pause([FIRST])

    write(b"held", partition=0)
    write(b"free", partition=1)
    until(lambda: bool(member.got), member)
    member.turn()
    assert member.values() == [b"free"]

    member.consumer.resume([FIRST])
    until(lambda: len(member.got) == 2, member)
    assert member.values() == [b"free", b"held"]
    member.consumer.close()


def test_pausing_loses_and_repeats_nothing(log: Broker, write: Pen) -> None:
    written = [b"%d" % number for number in range(500)]
    write(*written, partition=0)
    member = Member(log)
    member.join()
    while len(member.got) < 500:
        member.got += member.consumer.fetch(20, 1.0)
        member.consumer.pause([FIRST])
        member.consumer.fetch(20, 0.0)
        member.consumer.resume([FIRST])
    member.consumer.close()

    assert member.values() == written


def test_a_partition_can_be_paused_while_it_is_being_assigned(log: Broker, write: Pen) -> None:
    write(b"held", partition=0)
    write(b"free", partition=1)
    member = Member(log)
    assigned = member.assigned

    def take(partitions: Sequence[Partition]) -> Offsets:
        member.consumer.pause([partition for partition in partitions if partition == FIRST])
        return assigned(partitions)

    member.assigned = take  # type: ignore[method-assign]  # a member that holds back
    member.join()
    until(lambda: bool(member.got), member)
    member.turn()
    assert member.values() == [b"free"]

    member.consumer.resume([FIRST])
    until(lambda: len(member.got) == 2, member)
    member.consumer.close()
