"""Checkpoints are found among many, and never guessed."""

import pytest

from ingest.checkpoints import Checkpoints, as_table, ends, saved_at
from runtime.broker import Partition
from runtime.memory import MemoryBroker
from schemas.errors import PoisonRecordError
from schemas.operations import IngestCheckpoint
from schemas.topics import BLOCKS, CHECKPOINTS, TOPICS, TRANSACTIONS


@pytest.fixture
def broker() -> MemoryBroker:
    made = MemoryBroker()
    made.create(TOPICS.values())
    return made


def checkpoint(source: str, step: int) -> IngestCheckpoint:
    return IngestCheckpoint(
        id=saved_at(source, step, ""),
        chain="eip155:1",
        source=source,
        blocks=(),
        offsets={},
        step=step,
    )


def test_the_newest_of_a_source_is_found(broker: MemoryBroker) -> None:
    checkpoints = Checkpoints(broker, broker.producer())
    for step in range(5):
        checkpoints.save(checkpoint("evm:a", step))
        checkpoints.save(checkpoint("evm:b", 10 + step))
    assert checkpoints.newest("evm:a") == checkpoint("evm:a", 4)
    assert checkpoints.newest("evm:b") == checkpoint("evm:b", 14)
    assert checkpoints.newest("evm:c") is None


def test_one_far_back_is_found_as_well(broker: MemoryBroker) -> None:
    checkpoints = Checkpoints(broker, broker.producer())
    checkpoints.save(checkpoint("evm:a", 7))
    for step in range(3_000):
        checkpoints.save(checkpoint("evm:b", step))
    assert checkpoints.newest("evm:a") == checkpoint("evm:a", 7)


def test_all_of_a_kind_are_found_by_their_names(broker: MemoryBroker) -> None:
    checkpoints = Checkpoints(broker, broker.producer())
    for source in ("file:1", "evm:a", "file:2", "file:1"):
        checkpoints.save(checkpoint(source, 1))
    assert set(checkpoints.all("file:")) == {"file:1", "file:2"}


def test_one_that_cannot_be_read_is_not_passed_over(broker: MemoryBroker) -> None:
    broker.producer().send(CHECKPOINTS.name, b"{", key=b"evm:a")
    with pytest.raises(PoisonRecordError):
        Checkpoints(broker, broker.producer()).newest("evm:a")


def test_offsets_of_whole_topics_are_written_in_the_order_of_partitions(
    broker: MemoryBroker,
) -> None:
    broker.producer().send(TRANSACTIONS.name, b"", partition=2)
    broker.producer().send(BLOCKS.name, b"", partition=0)
    found = ends(broker, (TRANSACTIONS, BLOCKS))
    assert found[Partition(TRANSACTIONS.name, 2)] == 1
    assert as_table(found) == {BLOCKS.name: (1,), TRANSACTIONS.name: (0, 0, 1, *(0,) * 13)}
