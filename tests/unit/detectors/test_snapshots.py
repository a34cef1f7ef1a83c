"""Snapshots bit by bit: what a crash at any moment leaves, and what a slice may not do."""

import random
from typing import Any

import pytest

from bench import traffic
from detectors import snapshots
from detectors.publisher import Publisher
from detectors.service import DetectTask
from detectors.sets import EventHostMaker
from runtime.broker import Message, Offsets, Partition
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.memory import MemoryBroker, MemoryProducer
from runtime.metrics import Metrics
from runtime.state import StateStore
from schemas.codec import encode
from schemas.topics import ALERTS, DEAD_LETTERS, DETECTOR_STATE, EVENTS

PLACE = Partition(EVENTS.name, 3)
RECORDS = [encode(event) for event in traffic.events(3_000, protocols=5)]


class Slow(MemoryProducer):
    """Says of itself that so many records are on their way, until it is flushed."""

    on_the_way = 0

    def waiting(self) -> int:
        return self.on_the_way

    def flush(self) -> Offsets:
        self.on_the_way = 0
        return super().flush()


class Queued(Slow):
    """Keeps what it is sent for itself until it gets there, in order; a crash loses the rest."""

    def __init__(self, broker: MemoryBroker) -> None:
        super().__init__(broker)
        self.queue: list[tuple[str, bytes | None, dict[str, Any]]] = []

    def send(self, topic: str, value: bytes | None, **place: Any) -> None:
        self.queue.append((topic, value, place))

    def deliver(self, count: int) -> None:
        for topic, value, place in self.queue[:count]:
            super().send(topic, value, **place)
        del self.queue[:count]

    def waiting(self) -> int:
        return len(self.queue)

    def flush(self) -> Offsets:
        self.deliver(len(self.queue))
        return super().flush()


class Process:
    """One run of the detect service over one partition."""

    def __init__(self, broker: MemoryBroker, make: type[Slow] = Slow) -> None:
        self.producer, self.states = make(broker), make(broker)
        metrics = self.metrics = Metrics()
        self.task = DetectTask(
            Intake(self.producer, metrics, "detect"),
            Publisher(self.producer, SystemClock(), metrics, signer=None),
            EventHostMaker({}, lambda _chain: 4),
            metrics,
            StateStore(broker, self.states, "events"),
        )
        self.at = self.task.assigned([PLACE])[PLACE]

    def feed(self, count: int) -> None:
        batch = [
            Message(EVENTS.name, 3, offset, None, RECORDS[offset], ())
            for offset in range(self.at, min(len(RECORDS), self.at + count))
        ]
        self.at += len(batch)
        self.task.process(batch)

    def settle(self) -> Offsets:
        return self.task.settled({PLACE: self.at})


@pytest.fixture
def broker() -> MemoryBroker:
    made = MemoryBroker()
    made.create([ALERTS, DEAD_LETTERS, DETECTOR_STATE])
    return made


def alerts(broker: MemoryBroker) -> set[bytes]:
    return {
        message.value or b""
        for number in range(ALERTS.partitions)
        for message in broker.log(Partition(ALERTS.name, number))
    }


def states(broker: MemoryBroker) -> dict[str, bytes]:
    found = StateStore(broker, broker.producer(), "events").restore(3).keys
    return {key: encode(state) for key, state in found.items()}


def whole() -> tuple[set[bytes], dict[str, bytes]]:
    """What a run gives that nothing interrupts."""
    broker = MemoryBroker()
    broker.create([ALERTS, DEAD_LETTERS, DETECTOR_STATE])
    run = Process(broker)
    run.feed(len(RECORDS))
    run.task.checkpoint({PLACE: run.at})
    return alerts(broker), states(broker)


@pytest.fixture(scope="module")
def expected() -> tuple[set[bytes], dict[str, bytes]]:
    found = whole()
    assert found[0], "made-up traffic that raises no alert shows nothing"
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_crash_between_any_two_steps_changes_neither_alerts_nor_states(
    broker: MemoryBroker,
    expected: tuple[set[bytes], dict[str, bytes]],
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Alerts and states go by two producers: of each a crash loses what had not got there."""
    chance = random.Random(seed)
    monkeypatch.setattr(snapshots, "SWEEP_RECORDS", chance.choice((1, 50, 500)))
    monkeypatch.setattr(snapshots, "SHARE_OF_TIME", 0.0)
    monkeypatch.setattr(snapshots, "SHORTEST", 0.0)
    run, crashes = Process(broker, Queued), 0
    while run.at < len(RECORDS):
        step = chance.choice(("feed", "tick", "tick", "tick", "get", "get", "settle", "crash?"))
        if step == "feed":
            run.feed(chance.randrange(1, 120))
        elif step == "tick":
            run.task.tick()
        elif step == "settle":
            run.settle()
        for producer in (run.producer, run.states) if step in ("get", "crash?") else ():
            assert isinstance(producer, Queued)
            producer.deliver(chance.choice((0, 1, 3, 100)))
        if step == "crash?" and chance.random() < 0.3:
            run, crashes = Process(broker, Queued), crashes + 1
    run.task.checkpoint({PLACE: run.at})
    assert crashes > 3
    assert (alerts(broker), states(broker)) == expected


def kept(broker: MemoryBroker) -> int:
    """Up to where the snapshot says that it covers everything."""
    return StateStore(broker, broker.producer(), "events").restore(3).start


def test_the_mark_moves_once_all_that_had_changed_is_written(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SHORTEST", 0.0)
    monkeypatch.setattr(snapshots, "SHARE_OF_TIME", 0.0)
    run = Process(broker)
    run.feed(300)
    assert run.settle() == {}, "whoever came after would find no mark"
    run.task.tick()
    run.feed(300)
    assert run.settle() == {}, "one key of several is written"
    for _ in range(50):
        run.task.tick()
    assert kept(broker) == 300
    assert run.settle() == {PLACE: 600}, "alerts are kept, and records are read again from 300"


def test_a_sweep_begins_when_much_would_have_to_be_read_again_or_after_a_while(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Process(broker)

    def after(records: int) -> int:
        run.feed(records)
        run.settle()
        for _ in range(50):
            run.task.tick()
        return kept(broker)

    assert after(10) == 10, "the first at once"
    assert after(snapshots.SWEEP_RECORDS - 1) == 10
    assert after(1) == 10 + snapshots.SWEEP_RECORDS
    monkeypatch.setattr(snapshots, "SWEEP_SECONDS", 0.0)
    assert after(1) == 11 + snapshots.SWEEP_RECORDS
    written = len(broker.log(Partition(DETECTOR_STATE.name, 3)))
    assert after(0) == 11 + snapshots.SWEEP_RECORDS
    assert len(broker.log(Partition(DETECTOR_STATE.name, 3))) == written, "nothing had changed"


def test_where_nothing_is_restored_nothing_is_committed_before_there_is_a_mark(
    broker: MemoryBroker,
) -> None:
    """A group's position without a mark would say that a snapshot was lost."""
    run = Process(broker)
    run.feed(10)
    assert run.settle() == {}
    run.task.checkpoint({PLACE: run.at})
    again = Process(broker)
    again.feed(10)
    assert again.settle() == {PLACE: 20}


def test_while_an_alert_is_on_its_way_nothing_is_committed(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Process(broker)
    run.feed(10)
    run.task.checkpoint({PLACE: run.at})
    run = Process(broker)
    run.feed(10)
    run.producer.on_the_way = 1
    assert run.settle() == {}
    monkeypatch.setattr(snapshots, "PATIENCE", 0.0)
    assert run.settle() == {PLACE: 20}
    assert run.producer.on_the_way == 0, "in the end it waits for it"


def test_no_state_is_written_while_an_alert_is_on_its_way(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Process(broker)
    run.feed(300)
    run.settle()
    run.producer.on_the_way = 1
    run.task.tick()
    assert broker.log(Partition(DETECTOR_STATE.name, 3)) == []
    monkeypatch.setattr(snapshots, "PATIENCE", 0.0)
    run.task.tick()
    assert run.producer.on_the_way == 0, "in the end it waits for it"
    assert broker.log(Partition(DETECTOR_STATE.name, 3)) != []


def test_the_mark_waits_for_the_states_and_is_not_waited_for(broker: MemoryBroker) -> None:
    run = Process(broker)
    run.feed(300)
    run.settle()
    while len(states(broker)) < 5:
        run.task.tick()
    run.states.on_the_way = 1
    run.task.tick()
    assert kept(broker) == 0
    run.states.on_the_way = 0
    run.task.tick()
    assert kept(broker) == 300
    run.states.on_the_way = 1
    run.task.tick()
    assert run.settle() == {}, "the mark may not be there yet"
    assert run.states.on_the_way == 1, "nothing was flushed"


def test_all_is_kept_before_its_mark_when_a_partition_is_handed_over(broker: MemoryBroker) -> None:
    story: list[str] = []

    class Noting(Slow):
        def send(self, topic: str, value: bytes | None, **place: Any) -> None:
            story.append("mark" if b'"kind":"mark"' in (value or b"") else "key")
            super().send(topic, value, **place)

        def flush(self) -> Offsets:
            story.append("flush")
            return super().flush()

    run = Process(broker, Noting)
    run.feed(10)
    run.task.checkpoint({PLACE: run.at})

    keys = story.count("key")
    assert story == ["flush", *["key"] * keys, "flush", "mark", "flush"]


def observed(run: Process, name: str) -> tuple[float, float]:
    """How often a histogram was told something, and the sum of it."""
    read = run.metrics.registry.get_sample_value
    count, total = read(f"firebreak_{name}_count"), read(f"firebreak_{name}_sum")
    assert count is not None
    assert total is not None
    return count, total


def test_slices_and_whole_sweeps_are_what_the_metrics_tell(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10_000))
    monkeypatch.setattr("detectors.snapshots.time.perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(snapshots, "SHORTEST", 0.0)
    monkeypatch.setattr(snapshots, "SHARE_OF_TIME", 0.0)
    run = Process(broker)
    run.feed(300)
    run.settle()
    marks, _ = observed(run, "checkpoint_seconds")
    run.task.tick()
    slices, _ = observed(run, "checkpoint_seconds")
    assert slices == marks + 1, "what a slice takes is counted"
    assert observed(run, "sweep_seconds") == (0, 0)
    for _ in range(50):
        run.task.tick()
    idle, _ = observed(run, "checkpoint_seconds")
    run.task.tick()
    assert observed(run, "checkpoint_seconds")[0] == idle, "nothing was left to write"
    run.settle()
    count, total = observed(run, "sweep_seconds")
    assert count == 1
    assert total > idle, "from its beginning, not of its slices"
