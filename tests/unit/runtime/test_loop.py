import threading

import pytest

from runtime.broker import Offsets
from runtime.loop import Loop
from runtime.memory import MemoryBroker, MemoryConsumer
from schemas.errors import TransientError, UnsafeToContinueError
from tests.clock import ManualClock
from tests.unit.runtime.tasks import ONE, THINGS, TWO, Task, write


class Committing(MemoryConsumer):
    """Notes its commits in the task's story, and fails at them when asked to."""

    story: list[str]
    refuses = False

    def commit(self, offsets: Offsets) -> None:
        if self.refuses:
            raise TransientError("the group is rebalancing")
        self.story.append("commit")
        super().commit(offsets)

    def close(self) -> None:
        self.story.append("close")
        super().close()


@pytest.fixture
def log() -> MemoryBroker:
    broker = MemoryBroker()
    broker.create([THINGS])
    return broker


@pytest.fixture
def task() -> Task:
    return Task()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(0.0)


@pytest.fixture
def consumer(log: MemoryBroker, task: Task) -> Committing:
    made = Committing(log, "group")
    made.story = task.story
    return made


@pytest.fixture
def loop(consumer: Committing, task: Task, clock: ManualClock) -> Loop:
    return Loop(consumer, task, clock, interval=5.0, limit=10)


def _run(loop: Loop, task: Task, until: str) -> None:
    """Run until the step was taken that often; the task itself pulls the brake."""
    stop = threading.Event()
    note = task._note

    def watch(step: str) -> None:
        if step == until:
            stop.set()
        note(step)

    task._note = watch  # type: ignore[method-assign]  # the test ends the loop from within
    loop.run(stop)


def test_commit_comes_last(log: MemoryBroker, loop: Loop, task: Task) -> None:
    write(log, b"a", b"b")

    _run(loop, task, until="process")

    assert task.story.index("process") < task.story.index("checkpoint")
    assert task.story.index("checkpoint") < task.story.index("commit")
    assert task.saved == [{ONE: 2}]
    assert log.committed("group", [ONE, TWO]) == {ONE: 2}


def test_the_loop_finishes_what_is_in_hand_when_it_is_stopped(
    log: MemoryBroker, loop: Loop, task: Task
) -> None:
    write(log, *[b"%d" % number for number in range(25)])

    _run(loop, task, until="process")

    assert task.done == [b"%d" % number for number in range(10)]
    assert log.committed("group", [ONE]) == {ONE: 10}
    assert task.story[-4:] == ["checkpoint", "commit", "close", "released"]


def test_a_crash_between_processing_and_checkpoint_reads_again(
    log: MemoryBroker, clock: ManualClock, task: Task, loop: Loop
) -> None:
    write(log, b"a", b"b")
    task.fails_at = "tick"
    with pytest.raises(UnsafeToContinueError):
        loop.run(threading.Event())
    assert task.done == [b"a", b"b"]
    assert log.committed("group", [ONE]) == {}

    again = Task()
    _run(Loop(log.consumer("group"), again, clock), again, until="process")

    assert again.done == [b"a", b"b"]


@pytest.mark.parametrize("step", ["process", "tick", "checkpoint"])
def test_after_an_error_nothing_is_committed(
    log: MemoryBroker, clock: ManualClock, loop: Loop, task: Task, step: str
) -> None:
    write(log, b"a")
    task.fails_at = step
    clock.seconds = 100.0

    with pytest.raises(UnsafeToContinueError, match=step):
        loop.run(threading.Event())

    assert "commit" not in task.story
    assert task.story.count("checkpoint") <= (step == "checkpoint")
    assert log.committed("group", [ONE]) == {}


def test_a_checkpoint_is_due_by_the_clock(
    log: MemoryBroker, clock: ManualClock, loop: Loop, task: Task, consumer: Committing
) -> None:
    consumer.subscribe(task.topics, loop)
    write(log, b"a")
    loop.step()
    assert task.saved == []

    clock.seconds = 5.0
    loop.step()
    assert task.saved == [{ONE: 1}]

    clock.seconds = 10.0
    loop.step()
    assert task.saved == [{ONE: 1}], "nothing new, nothing to save"


def test_a_partition_is_checkpointed_and_committed_before_another_member_has_it(
    log: MemoryBroker, clock: ManualClock, loop: Loop, task: Task, consumer: Committing
) -> None:
    consumer.subscribe(task.topics, loop)
    write(log, b"a", partition=0)
    write(log, b"b", b"c", partition=1)
    loop.step()
    other = Task()
    other.story = task.story
    second = Loop(log.consumer("group"), other, clock)

    second._consumer.subscribe(other.topics, second)

    assert task.story == [
        "assigned", "process", "tick", "checkpoint", "commit", "released", "assigned",
    ]  # fmt: skip
    assert task.saved == [{TWO: 2}]
    assert log.committed("group", [ONE, TWO]) == {TWO: 2}
    write(log, b"d", partition=1)
    second.step()
    assert other.done == [b"d"]


def test_a_lost_partition_is_neither_checkpointed_nor_committed(
    log: MemoryBroker, clock: ManualClock, loop: Loop, task: Task, consumer: Committing
) -> None:
    consumer.subscribe(task.topics, loop)
    write(log, b"a", partition=0)
    write(log, b"b", partition=1)
    loop.step()

    loop.lost([TWO])
    clock.seconds = 5.0
    loop.step()

    assert task.saved == [{ONE: 1}]


def test_a_commit_that_fails_is_made_up_for(
    log: MemoryBroker, clock: ManualClock, loop: Loop, task: Task, consumer: Committing
) -> None:
    consumer.subscribe(task.topics, loop)
    write(log, b"a")
    consumer.refuses = True
    clock.seconds = 5.0
    loop.step()
    assert log.committed("group", [ONE]) == {}

    consumer.refuses = False
    clock.seconds = 10.0
    loop.step()
    assert task.saved == [{ONE: 1}, {ONE: 1}]
    assert log.committed("group", [ONE]) == {ONE: 1}


def test_nothing_is_fetched_while_the_task_cannot_take_it(
    log: MemoryBroker, loop: Loop, task: Task, consumer: Committing
) -> None:
    consumer.subscribe(task.topics, loop)
    task.able = False
    write(log, b"a")
    for _ in range(3):
        loop.step()
    assert task.done == []
    assert task.story.count("tick") == 3, "what is due goes on"

    task.able = True
    loop.step()
    assert task.done == [b"a"]


def test_a_partition_that_comes_while_the_task_cannot_take_more_is_paused_too(
    log: MemoryBroker, clock: ManualClock, loop: Loop, task: Task, consumer: Committing
) -> None:
    other = log.consumer("group")
    other.subscribe(task.topics, Loop(other, Task(), clock))
    consumer.subscribe(task.topics, loop)
    task.able = False
    loop.step()
    other.close()
    write(log, b"a", partition=0)
    write(log, b"b", partition=1)
    loop.step()
    assert task.done == []

    task.able = True
    loop.step()
    assert sorted(value or b"" for value in task.done) == [b"a", b"b"]


def test_reading_starts_where_the_task_says(log: MemoryBroker, loop: Loop, task: Task) -> None:
    write(log, b"a", b"b", b"c")
    task.starts = {ONE: 2}

    _run(loop, task, until="process")

    assert task.done == [b"c"]


def test_every_turn_is_told_to_whoever_watches(
    log: MemoryBroker, clock: ManualClock, task: Task, consumer: Committing
) -> None:
    turns: list[int] = []
    loop = Loop(consumer, task, clock, beat=lambda: turns.append(1))
    consumer.subscribe(task.topics, loop)
    loop.step()
    loop.step()

    assert len(turns) == 2


def test_a_group_that_cannot_be_joined_is_left(task: Task, clock: ManualClock) -> None:
    closed: list[bool] = []

    class Nowhere(MemoryConsumer):
        def close(self) -> None:
            closed.append(True)

    loop = Loop(Nowhere(MemoryBroker(), "group"), task, clock)

    with pytest.raises(Exception, match="does not exist"):
        loop.run(threading.Event())
    assert closed == [True]
