"""An oracle for what ingest publishes: reads topics as a consumer would that knows nothing of
crashes, and works out what a publisher that was never interrupted would have written."""

from collections import Counter
from collections.abc import Iterable

from ingest.lens import Lens
from ingest.normalise import block_record
from ingest.outbox import Origin, Outbox, require_topics
from ingest.posts import MARKED, StepPost
from ingest.publish import publish_block
from ingest.raw import RawBlock
from ingest.resume import reference
from runtime.broker import Broker, Message, Partition, Producer, read_all
from runtime.clock import SystemClock
from runtime.fencing import Terms, term_of
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas import headers
from schemas.chain import Block, Deployment, Retraction
from schemas.codec import decode, decode_from
from schemas.operations import BlockRef
from schemas.topics import BLOCKS, DEPLOYMENTS, TopicSpec

Where = tuple[Partition, str]
"""A partition and the id of a record in it."""


def outbox(broker: Broker, producer: Producer) -> Outbox:
    return Outbox(producer, require_topics(broker), Metrics(), SystemClock())


def log(broker: Broker, topic: TopicSpec) -> list[Message]:
    """Return every message of a topic, by partition and in order."""
    found: list[Message] = []
    for number in range(broker.partitions(topic.name)):
        read_all(broker, Partition(topic.name, number), found.append)
    return found


def record_id(message: Message) -> str:
    return (headers.find(message.headers, headers.RECORD_ID) or b"").decode()


def read_back(broker: Broker) -> tuple[list[str], Counter[Where]]:
    """Return the hashes of the chain that every partition agrees on, and how often each of its
    records is there. What a consumer should never see fails."""
    chains, found = set(), Counter[Where]()
    for topic in MARKED:
        partitions: dict[Partition, list[Message]] = {
            Partition(topic.name, number): [] for number in range(broker.partitions(topic.name))
        }
        for message in log(broker, topic):
            partitions[message.origin].append(message)
        for messages in partitions.values():
            chain, records = _follow(topic, messages)
            chains.add(tuple(chain))
            found.update(records)
    assert len(chains) == 1, "partitions disagree about the chain"
    return list(chains.pop()), found


def _follow(topic: TopicSpec, messages: Iterable[Message]) -> tuple[list[str], list[Where]]:
    chain: list[BlockRef] = []
    records: dict[str, list[Where]] = {}
    terms, term, steps = Terms(), 0, 0
    for message in messages:
        record = decode_from(topic, message.value or b"")
        if terms.void(message):
            continue
        begins, term = term_of(message.headers)[1] > term, term_of(message.headers)[1]
        if isinstance(record, Block | Retraction):
            step = headers.number(message.headers, headers.STEP)
            if begins and step <= steps:
                continue  # repeated, as a new term begins
            assert step == steps + 1, "a step is missing, doubled or out of order"
            steps = step
        if isinstance(record, Block):
            assert not chain or record.parent == chain[-1].hash, "a block does not follow"
            chain.append(reference(record))
            records[record.hash] = []
        elif isinstance(record, Retraction):
            assert chain.pop().hash == record.hash, "not the newest was retracted"
            records.pop(record.hash)
        else:
            block_hash = getattr(record, "block_hash", "")
            assert block_hash == chain[-1].hash, "a record outside of its block"
            records[block_hash].append((message.origin, record_id(message)))
    return [block.hash for block in chain], [where for found in records.values() for where in found]


def expected(blocks: Iterable[RawBlock], lens: Lens, broker: MemoryBroker) -> Counter[Where]:
    """Return what is in the topics (made on this empty broker) after a run without interruption."""
    out = outbox(broker, broker.producer())
    for step, block in enumerate(blocks, start=1):
        marker = block_record(block)
        assert marker is not None
        post = StepPost(out, marker, Origin(0, step))
        publish_block(block, lens, post)
        post.finish()
        post.finish_unmarked()
    return read_back(broker)[1]


def check_deployments(broker: Broker) -> set[str]:
    """Check that no block's deployments are there more often than it joined the chain; return the
    hashes of the blocks that have any. Nothing retracts a deployment by itself, so it is there
    again each time its block joins."""
    joined = Counter(
        record.hash
        for record in (decode_from(BLOCKS, message.value or b"") for message in log(broker, BLOCKS))
        if isinstance(record, Block)
    )
    born = Counter(
        (record.block_hash, record.id)
        for record in (decode(m.value or b"", Deployment) for m in log(broker, DEPLOYMENTS))
    )
    for (block_hash, _), count in born.items():
        assert count <= joined[block_hash], "a deployment too many, or of a block that never was"
    return {block_hash for block_hash, _ in born}
