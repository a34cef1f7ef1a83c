from typing import Any

import pytest

from runtime.broker import Message, Partition
from runtime.memory import MemoryBroker
from runtime.state import Restored, StateStore
from schemas.codec import encode
from schemas.errors import UnsafeToContinueError
from schemas.operations import KeyState, PartitionMark
from schemas.topics import DETECTOR_STATE


@pytest.fixture
def log() -> MemoryBroker:
    broker = MemoryBroker()
    broker.create([DETECTOR_STATE])
    return broker


@pytest.fixture
def store(log: MemoryBroker) -> StateStore:
    return StateStore(log, log.producer(), "core")


def _state(key: str, offset: int, set_name: str = "core", **state: Any) -> KeyState:
    return KeyState(set=set_name, key=key, partition=3, offset=offset, state=state)


def save(store: StateStore, partition: int, offset: int, states: list[KeyState]) -> None:
    for state in states:
        store.write(state)
    store.flush()
    store.mark({partition: (offset, {})})
    store.flush()


def test_nothing_saved_means_from_the_beginning(store: StateStore) -> None:
    assert store.restore(3) == Restored(start=0, keys={})


def test_what_was_saved_is_restored(store: StateStore) -> None:
    meadow = _state("meadow", 9, mean=[1.5, 2.25], seen={"a": 1}, note=None)
    cellar = _state("cellar", 5)
    save(store, 3, 10, [meadow, cellar])

    assert store.restore(3) == Restored(start=10, keys={"meadow": meadow, "cellar": cellar})


def test_the_newest_state_of_a_key_counts(store: StateStore) -> None:
    save(store, 3, 10, [_state("meadow", 9, count=1), _state("cellar", 5)])
    save(store, 3, 20, [_state("meadow", 19, count=2)])
    save(store, 3, 30, [])

    found = store.restore(3)

    assert found.start == 30
    assert found.keys["meadow"].state == {"count": 2}
    assert found.keys["cellar"].offset == 5


def test_each_partition_is_restored_by_itself(store: StateStore) -> None:
    save(store, 3, 10, [_state("meadow", 9)])
    save(store, 4, 99, [])

    assert store.restore(3).start == 10
    assert store.restore(4) == Restored(start=99)
    assert store.restore(5) == Restored()


def test_two_sets_know_nothing_of_each_other(log: MemoryBroker, store: StateStore) -> None:
    other = StateStore(log, log.producer(), "wide")
    save(store, 3, 10, [_state("meadow", 9, count=1)])
    save(other, 3, 50, [_state("meadow", 49, "wide", count=7)])

    assert store.restore(3).start == 10
    assert store.restore(3).keys["meadow"].state == {"count": 1}
    assert other.restore(3).start == 50
    assert other.restore(3).keys["meadow"].state == {"count": 7}


def test_every_key_of_the_compacted_topic_is_its_own(log: MemoryBroker) -> None:
    """Two records with one key are one record after compaction."""
    for set_name in ("core", "wide"):
        store = StateStore(log, log.producer(), set_name)
        save(store, 3, 1, [_state("meadow", 1, set_name), _state("cellar", 1, set_name)])

    keys = [message.key for message in log.log(Partition(DETECTOR_STATE.name, 3))]

    assert len(keys) == len(set(keys)) == 6


def test_a_state_that_was_written_before_is_kept_as_it_is(store: StateStore) -> None:
    store.write(_state("meadow", 9), b'{"mean":[1.5,2.25],"note":null}')
    store.flush()

    assert store.restore(3).keys == {"meadow": _state("meadow", 9, mean=[1.5, 2.25], note=None)}


def test_keys_without_their_mark_are_read_again_from_the_mark_before(
    log: MemoryBroker, store: StateStore
) -> None:
    """A crash between the two leaves keys that cover more than the mark says."""
    save(store, 3, 10, [_state("meadow", 9)])
    late = _state("meadow", 19)
    log.append(Message(DETECTOR_STATE.name, 3, 0, b"core/meadow", encode(late), headers=()))

    found = store.restore(3)

    assert (found.start, found.keys["meadow"].offset) == (10, 19)


def test_a_key_that_was_written_behind_a_mark_goes_on_from_where_it_stands(
    store: StateStore,
) -> None:
    """By a member that was stopped, and did not know yet that others had taken its place."""
    save(store, 3, 2000, [_state("meadow", 1990), _state("cellar", 1700)])
    store.write(_state("meadow", 610))
    save(store, 3, 2500, [_state("barn", 2400)])

    found = store.restore(3)

    assert found.start == 610
    assert {key: kept.offset for key, kept in found.keys.items()} == {
        "meadow": 610, "cellar": 1700, "barn": 2400,
    }  # fmt: skip
    save(store, 3, 2600, [_state("meadow", 2550)])
    assert store.restore(3).start == 2600


@pytest.mark.parametrize("value", [b"\x80\x04K\x01.", b"{}", None, b'{"kind":"state","set":"core"'])
def test_a_snapshot_that_cannot_be_read_stops_everything(
    log: MemoryBroker, store: StateStore, value: bytes | None
) -> None:
    save(store, 3, 10, [_state("meadow", 9)])
    log.append(Message(DETECTOR_STATE.name, 3, 0, b"core/meadow", value, headers=()))

    with pytest.raises(UnsafeToContinueError, match=r"detector-state-v1\[3\] offset 2"):
        store.restore(3)


def test_a_mark_is_what_it_says(log: MemoryBroker, store: StateStore) -> None:
    save(store, 3, 10, [])
    (message,) = log.log(Partition(DETECTOR_STATE.name, 3))

    assert message.value == encode(PartitionMark(set="core", partition=3, offset=10))
    assert message.key == b"core//3"
