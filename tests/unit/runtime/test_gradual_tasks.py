"""What the loop grants to a task that makes things durable bit by bit."""

import gc
from collections.abc import Callable

import pytest

from runtime.broker import Offsets
from runtime.loop import Loop
from runtime.memory import MemoryBroker, MemoryConsumer
from tests.clock import ManualClock
from tests.unit.runtime.tasks import ONE, THINGS, TWO, Task, write


class GradualTask(Task):
    """Has come as far as the records of its last turn but one."""

    def __init__(self) -> None:
        super().__init__()
        self.durable: Offsets = {}

    def settled(self, offsets: Offsets) -> Offsets:
        self._note("settled")
        durable, self.durable = self.durable, dict(offsets)
        return durable


@pytest.fixture
def log() -> MemoryBroker:
    broker = MemoryBroker()
    broker.create([THINGS])
    return broker


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(0.0)


@pytest.fixture
def consumer(log: MemoryBroker) -> MemoryConsumer:
    return MemoryConsumer(log, "group")


def test_a_gradual_task_is_asked_how_far_it_has_come_and_that_is_committed(
    log: MemoryBroker, clock: ManualClock, consumer: MemoryConsumer
) -> None:
    task = GradualTask()
    loop = Loop(consumer, task, clock)
    consumer.subscribe(task.topics, loop)
    for turn, value in enumerate((b"a", b"b", b"c")):
        write(log, value)
        clock.seconds = 5.0 * (turn + 1)
        loop.step()
        assert log.committed("group", [ONE]) == ({ONE: turn} if turn else {})
    assert task.story.count("checkpoint") == 0
    clock.seconds = 20.0
    loop.step()
    assert log.committed("group", [ONE]) == {ONE: 3}
    loop.revoked([ONE])
    assert task.saved == [{ONE: 3}], "before it is handed over all is made durable"


def test_where_a_gradual_task_starts_is_where_its_group_has_come(
    log: MemoryBroker, clock: ManualClock, consumer: MemoryConsumer
) -> None:
    """Whoever came there ended before it said so, and no record is left to say it with."""
    write(log, b"a")
    task = GradualTask()
    task.starts = {ONE: 1, TWO: 0}
    loop = Loop(consumer, task, clock)
    consumer.subscribe(task.topics, loop)
    for clock.seconds in (5.0, 10.0):
        loop.step()
    assert log.committed("group", [ONE, TWO]) == {ONE: 1}, "of the other nothing is known"
    loop.revoked([ONE])
    assert task.saved == [], "nothing came of it here"


def test_a_commit_that_did_not_get_there_is_tried_again(
    log: MemoryBroker, clock: ManualClock
) -> None:
    class Forgetful(MemoryConsumer):
        hears = False

        def commit_soon(self, offsets: Offsets, done: Callable[[Offsets], None]) -> None:
            if self.hears:
                super().commit_soon(offsets, done)

    consumer, task = Forgetful(log, "group"), GradualTask()
    loop = Loop(consumer, task, clock)
    consumer.subscribe(task.topics, loop)
    write(log, b"a")
    for clock.seconds in (5.0, 10.0):
        loop.step()
    consumer.hears = True
    clock.seconds = 15.0
    loop.step()
    assert log.committed("group", [ONE]) == {ONE: 1}


def test_what_a_gradual_task_learned_is_put_where_no_collection_walks_it(
    log: MemoryBroker, clock: ManualClock, consumer: MemoryConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    story: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda generation: story.append(f"collect {generation}"))
    monkeypatch.setattr(gc, "freeze", lambda: story.append("freeze"))
    loop = Loop(consumer, GradualTask(), clock)
    for clock.seconds in (0.5, 1.0, 1.5, 2.5):
        loop.step()
    assert story == ["collect 1", "freeze"] * 2
