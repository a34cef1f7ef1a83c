"""Two publishers of one chain: what the earlier one writes once the later has begun is void."""

import asyncio

import pytest

from ingest.follow import Follower
from runtime.broker import Message
from runtime.fencing import Terms, term_header, term_of
from runtime.memory import MemoryBroker
from tests.unit.ingest.model_chain import ModelNode, topics
from tests.unit.ingest.test_resume import check, writer


async def publish(broker: MemoryBroker, node: ModelNode, stale_steps: int) -> None:
    """Let a second publisher take over, and the first write some more steps after that."""
    first = writer(broker, broker.producer())
    await first.mend(node)
    before = Follower(node, first)
    assert await before.catch_up(0)
    await first.settled()

    second = writer(broker, broker.producer())
    await second.mend(node)
    after = Follower(node, second)
    for step in range(stale_steps):
        node.show("aaa" + "z" * (step + 1))  # seen by the stale one alone
        assert await before.catch_up(0)
        await first.settled()
        node.show("aaa" + "b" * (step + 1))
        assert await after.catch_up(0)
    await first.close()
    await second.close()


@pytest.mark.parametrize("stale_steps", [0, 1, 4])
def test_what_a_stale_publisher_writes_counts_for_nobody(stale_steps: int) -> None:
    broker, node = topics(), ModelNode("aaa")
    asyncio.run(publish(broker, node, stale_steps))
    check(broker, node)


@pytest.mark.parametrize("stale_steps", [1, 4])
def test_a_third_goes_on_from_the_second_not_from_the_stale_one(stale_steps: int) -> None:
    broker, node = topics(), ModelNode("aaa")
    asyncio.run(publish(broker, node, stale_steps))

    async def go_on() -> None:
        third = writer(broker, broker.producer())
        await third.mend(node)
        node.show("aaa" + "b" * stale_steps + "cc")
        assert await Follower(node, third).catch_up(0)
        await third.close()

    asyncio.run(go_on())
    check(broker, node)


def message(offset: int, term: int, chain: str = "eip155:1") -> Message:
    return Message("t", 0, offset, None, None, term_header(chain, term))


def test_a_lower_term_is_void_from_where_a_higher_one_began() -> None:
    terms = Terms()
    seen = [message(0, 3), message(1, 7), message(2, 3), message(3, 7), message(4, 8)]
    assert [terms.void(one) for one in seen] == [False, False, True, False, False]
    assert not terms.void(message(0, 3)), "read again, it counts as it did"
    assert not terms.void(message(5, 1, chain="eip155:10")), "terms are a chain's own"


def test_a_reader_can_be_told_which_term_is_in_force() -> None:
    assert Terms("eip155:1", 7).void(message(0, 6))
    assert not Terms("eip155:1", 7).void(message(0, 7))


@pytest.mark.parametrize("value", [b"", b"x", b"x -1", b"x 1e9", b"x " + b"9" * 50, b"\xff 0"])
def test_a_header_that_names_no_term_is_nobodys(value: bytes) -> None:
    assert term_of((("term", value),))[1] == 0
