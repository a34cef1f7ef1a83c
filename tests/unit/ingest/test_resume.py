"""Whenever the process dies, the topics end up with every record once."""

import asyncio
from random import Random

import pytest

from ingest.checkpoints import Checkpoints
from ingest.follow import Follower
from ingest.office import Beginning, take_office
from ingest.outbox import require_topics
from ingest.resume import resume
from ingest.writer import ChainWriter
from runtime.broker import Producer
from runtime.clock import SystemClock
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.topics import CHECKPOINTS, TRANSACTIONS
from tests.publication import check_deployments, expected, log, outbox, read_back
from tests.unit.ingest.model_chain import (
    CHAIN,
    Crash,
    LossyProducer,
    ModelNode,
    block_hash,
    lenses,
    topics,
)

FINALITY = 8
HISTORY = ("aaa", "aaaa", "aabb", "aabbb", "aaaaaa", "aaaaacc", "aaaaaccc")
"""The node's chain as it goes: one letter for the branch of each block. The branch of a's is left
and adopted again."""


def writer(broker: MemoryBroker, producer: Producer) -> ChainWriter:
    checkpoints, out = Checkpoints(broker, producer), outbox(broker, producer)
    found = take_office(broker, checkpoints, out, Beginning(CHAIN, FINALITY, 0))
    lens = lenses().live(CHAIN)
    return ChainWriter(out, checkpoints, lens, found, Metrics(), SystemClock())


async def run(broker: MemoryBroker, producer: Producer, node: ModelNode, stages: list[str]) -> None:
    """Start ingest, and follow the node through some stages of its history."""
    writing = writer(broker, producer)
    await writing.mend(node)
    follower = Follower(node, writing)
    while True:
        assert await follower.catch_up(0)
        await writing.settled()
        if not stages:
            break
        node.show(stages.pop(0))
    await writing.close()


def check(broker: MemoryBroker, node: ModelNode) -> None:
    chain, records = read_back(broker)
    assert chain == [block.hash for block in node.blocks]
    assert records == expected(node.blocks, lenses().live(CHAIN), topics())
    assert set(chain) <= check_deployments(broker), "a deployment is missing"


def test_an_uninterrupted_run_publishes_every_record_once() -> None:
    broker, node = topics(), ModelNode(HISTORY[0])
    asyncio.run(run(broker, broker.producer(), node, list(HISTORY[1:])))
    check(broker, node)


@pytest.mark.parametrize("seed", range(4))
def test_a_crash_at_every_point_leaves_no_hole_and_no_double(seed: int) -> None:
    fatal = 1 + 4 * seed
    while True:
        broker, node, chance = topics(), ModelNode(HISTORY[0]), Random(f"{seed}/{fatal}")
        stages = list(HISTORY[1:])
        dying = LossyProducer(broker.producer(), chance, fatal)
        try:
            asyncio.run(run(broker, dying, node, stages))
        except Crash:
            pass
        else:
            break
        if stages and chance.random() < 0.5:
            node.show(stages.pop(0))  # the chain goes on while nobody looks
        asyncio.run(run(broker, broker.producer(), node, stages))
        check(broker, node)
        fatal += 16


@pytest.mark.parametrize("seed", range(20))
def test_any_number_of_crashes_leaves_no_hole_and_no_double(seed: int) -> None:
    broker, node, chance = topics(), ModelNode(HISTORY[0]), Random(seed)
    stages = list(HISTORY[1:])
    for _ in range(12):
        dying = LossyProducer(broker.producer(), chance, chance.randint(1, 60))
        try:
            asyncio.run(run(broker, dying, node, stages))
        except Crash:
            if stages and chance.random() < 0.3:
                node.show(stages.pop(0))
    asyncio.run(run(broker, broker.producer(), node, stages))
    check(broker, node)


def test_a_block_that_left_the_chain_while_nobody_looked_is_retracted() -> None:
    broker, node = topics(), ModelNode("aaa")
    asyncio.run(run(broker, broker.producer(), node, []))
    node.show("aabb")
    asyncio.run(run(broker, broker.producer(), node, []))
    check(broker, node)


def test_an_interrupted_block_is_waited_for_while_the_node_is_behind() -> None:
    broker, node = topics(), ModelNode("aaa")
    dying = LossyProducer(broker.producer(), Random(5), 30)
    with pytest.raises(Crash):
        asyncio.run(run(broker, dying, node, []))
    node.show("a")
    writing = writer(broker, broker.producer())
    before = [len(log(broker, topic)) for topic in (TRANSACTIONS, CHECKPOINTS)]
    assert len(writing.chain.blocks) > 1
    with pytest.raises(TransientError, match="interrupted"):
        asyncio.run(writing.mend(node))
    after = [len(log(broker, topic)) for topic in (TRANSACTIONS, CHECKPOINTS)]
    assert after == before


def test_topics_that_were_made_anew_stop_it_loudly() -> None:
    broker, node = topics(), ModelNode("aaa")
    asyncio.run(run(broker, broker.producer(), node, []))
    fresh = topics()
    for message in log(broker, CHECKPOINTS):
        fresh.append(message)
    with pytest.raises(UnsafeToContinueError, match="made anew"):
        writer(fresh, fresh.producer())


def test_another_chain_on_the_same_topics_is_not_taken_for_ours() -> None:
    broker, node = topics(), ModelNode("aaa")
    asyncio.run(run(broker, broker.producer(), node, []))
    checkpoints = Checkpoints(broker, broker.producer())
    other = resume(broker, checkpoints, "eip155:1", FINALITY, begin=None)
    assert (other.step, other.chain.blocks) == (0, ())


def test_the_checkpoint_names_the_recent_chain() -> None:
    broker, node = topics(), ModelNode("aaaaaaaaaaaa")
    asyncio.run(run(broker, broker.producer(), node, []))
    newest = Checkpoints(broker, broker.producer()).newest(f"evm:{CHAIN}")
    assert newest is not None
    assert newest.step == 12
    assert newest.final == 11 - FINALITY
    assert [block.hash for block in newest.blocks] == [block_hash(n, "a") for n in range(3, 12)]


def test_an_outbox_refuses_topics_that_do_not_exist() -> None:
    with pytest.raises(ConfigurationError, match="firebreak topics create"):
        require_topics(MemoryBroker())
