"""What of a block goes where, and in which order."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.lens import Lenses
from ingest.normalise import block_record, retraction
from ingest.outbox import Origin, Outbox
from ingest.posts import MARKED, PlainPost, StepPost
from ingest.publish import publish_block, publish_price
from ingest.raw import RawBlock, RawLog
from runtime.broker import Message, Partition
from runtime.clock import SystemClock
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas import headers
from schemas.base import Record
from schemas.chain import Block, Deployment, Price, Retraction, Transaction
from schemas.codec import decode, decode_from
from schemas.errors import TransientError, UnsafeToContinueError
from schemas.headers import Headers
from schemas.ids import content_id
from schemas.manifest import Contract, Manifest, Market
from schemas.operations import DeadLetter
from schemas.topics import (
    BLOCKS,
    DEAD_LETTERS,
    DEPLOYMENTS,
    EVENTS,
    PRICES,
    TOPICS,
    TRANSACTIONS,
    TopicSpec,
)
from tests.publication import log, outbox, record_id
from tests.unit.ingest.model_chain import (
    CHAIN,
    POOL,
    VAULT,
    lenses,
    raw_block,
    topics,
)

BLOCK = raw_block(7, "a", "a")


def publish(block: RawBlock = BLOCK, *, later: bool = True) -> MemoryBroker:
    broker = topics()
    marker = block_record(block)
    assert marker is not None
    post = StepPost(outbox(broker, broker.producer()), marker, Origin(1_000, 3))
    publish_block(block, lenses().live(CHAIN), post)
    post.finish()
    if later:
        post.finish_unmarked()
    return broker


def records(broker: MemoryBroker, topic: TopicSpec, key: str | None = None) -> list[Record]:
    return [
        decode_from(topic, message.value or b"")
        for message in log(broker, topic)
        if key is None or message.key == key.encode()
    ]


def kinds(messages: list[Message]) -> list[str]:
    return [type(decode_from(TOPICS[m.topic], m.value or b"")).__name__ for m in messages]


def test_a_transaction_goes_to_every_protocol_it_touched() -> None:
    broker = publish()
    for protocol in ("meadow", "cellar"):
        found = [r for r in records(broker, TRANSACTIONS, protocol) if isinstance(r, Transaction)]
        assert [(r.protocol, r.tx) for r in found] == [(protocol, BLOCK.transactions[0].hash)]


def test_a_contract_that_is_born_comes_before_the_transaction_in_the_same_partition() -> None:
    broker = publish()
    for protocol in ("meadow", "cellar"):
        found = records(broker, TRANSACTIONS, protocol)
        assert [type(record) for record in found] == [Deployment, Transaction]
    assert len(records(broker, DEPLOYMENTS)) == 1


def test_an_event_goes_under_its_contract() -> None:
    broker = publish()
    assert len(records(broker, EVENTS, POOL)) == 2
    assert len(records(broker, EVENTS, VAULT)) == 1


def test_the_marker_is_in_every_partition_ahead_of_the_block() -> None:
    broker = publish()
    for topic in MARKED:
        for number in range(broker.partitions(topic.name)):
            found = kinds(broker.log(Partition(topic.name, number)))
            assert found[0] == "Block"
            assert found.count("Block") == 1


def test_a_retraction_is_in_every_partition() -> None:
    broker = topics()
    post = StepPost(outbox(broker, broker.producer()), retraction(BLOCK), Origin(0, 4))
    post.finish()
    partitions = sum(broker.partitions(topic.name) for topic in MARKED)
    found = [record for topic in MARKED for record in records(broker, topic)]
    assert len(found) == partitions
    assert all(isinstance(record, Retraction) for record in found)


def test_topics_without_markers_come_last() -> None:
    assert not records(publish(later=False), DEPLOYMENTS)
    assert records(publish(), DEPLOYMENTS)


def test_every_record_says_its_id_its_step_and_when_it_passed() -> None:
    broker = publish()
    for topic in (BLOCKS, TRANSACTIONS, EVENTS, DEPLOYMENTS):
        for message in log(broker, topic):
            record: Any = decode_from(topic, message.value or b"")
            assert record_id(message) == record.id
            assert headers.number(message.headers, headers.STEP) == 3
            hops = headers.hops(message.headers)
            assert hops["received"] == 1_000
            assert hops["published"] > 1_000


def test_a_transaction_that_no_record_can_be_made_of_is_kept_and_the_block_goes_on() -> None:
    bad = replace(BLOCK.transactions[0], hash="0x" + "99" * 32, sender="not an address")
    broker = publish(replace(BLOCK, transactions=[bad, *BLOCK.transactions]))
    (letter,) = (
        decode(m.value or b"", DeadLetter, max_bytes=DEAD_LETTERS.max_bytes)
        for m in log(broker, DEAD_LETTERS)
    )
    assert letter.fault == "content"
    assert letter.key == bad.hash.encode()
    assert b"not an address" in (letter.value or b"")
    assert (letter.topic, letter.offset) == (CHAIN, BLOCK.number)
    assert any(isinstance(r, Transaction) for r in records(broker, TRANSACTIONS, "meadow"))


def test_a_log_that_no_record_can_be_made_of_does_not_lose_the_transaction() -> None:
    odd = replace(BLOCK.transactions[0], logs=[RawLog(POOL, (), "not hexadecimal", -1)])
    broker = publish(replace(BLOCK, transactions=[odd]))
    assert len(log(broker, DEAD_LETTERS)) >= 1


def test_a_queue_that_stays_full_stops_the_step_where_it_is() -> None:
    class Full:
        def send(
            self,
            topic: str,
            value: bytes | None,
            *,
            key: bytes | None = None,
            headers: Headers = (),
            partition: int | None = None,
        ) -> None:
            raise TransientError("the queue stays full")

        def waiting(self) -> int:
            return 0

        def flush(self) -> dict[Partition, int]:
            return {}

        def close(self) -> None: ...

    out = Outbox(Full(), {spec.name: 3 for spec in TOPICS.values()}, Metrics(), SystemClock())
    marker = block_record(BLOCK)
    assert marker is not None
    with pytest.raises(UnsafeToContinueError, match="stays full"):
        publish_block(BLOCK, lenses().live(CHAIN), StepPost(out, marker, Origin(0, 1)))


def test_a_price_also_goes_to_the_protocols_that_named_its_market() -> None:
    broker = topics()
    manifest = Manifest(
        protocol="meadow",
        chain=CHAIN,
        contracts=(Contract(address=POOL, role="pool"),),
        markets=(Market(market="ETH-USD"),),
    )
    price = Price(
        id=content_id("price", "ETH-USD"),
        market="ETH-USD",
        base="ETH",
        quote="USD",
        timestamp=1,
        open="1",
        high="1",
        low="1",
        close="1",
    )
    post = PlainPost(outbox(broker, broker.producer()), Origin(0))
    publish_price(price, Lenses([manifest], Path()).markets, post)
    assert records(broker, PRICES, "ETH-USD") == [price]
    assert records(broker, TRANSACTIONS, "meadow") == [price]


def test_what_is_there_is_not_sent_again() -> None:
    broker = publish()
    there = {
        (m.topic, (m.key or b"").decode(), record_id(m))
        for topic in (TRANSACTIONS, EVENTS, DEPLOYMENTS)
        for m in log(broker, topic)
        if not isinstance(decode_from(topic, m.value or b""), Block)
    }
    again = topics()
    post = PlainPost(outbox(again, again.producer()), Origin(0), there)
    publish_block(BLOCK, lenses().live(CHAIN), post)
    assert not [m for topic in TOPICS.values() for m in log(again, topic)]


def test_a_recording_that_no_manifest_knows_belongs_to_its_case() -> None:
    broker = topics()
    post = PlainPost(outbox(broker, broker.producer()), Origin(0))
    publish_block(BLOCK, lenses().recorded("eip155:1", "case"), post)
    assert {r.protocol for r in records(broker, TRANSACTIONS) if isinstance(r, Transaction)} == {
        "case"
    }


def test_of_a_recording_that_manifests_know_in_part_the_rest_belongs_to_its_case() -> None:
    broker = topics()
    post = PlainPost(outbox(broker, broker.producer()), Origin(0))
    publish_block(BLOCK, lenses().recorded(CHAIN, "case"), post)
    found = [r for r in records(broker, TRANSACTIONS) if isinstance(r, Transaction)]
    assert {(r.protocol, r.index) for r in found} == {("meadow", 0), ("cellar", 0), ("case", 1)}
