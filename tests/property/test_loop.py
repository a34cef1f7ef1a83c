"""However members come, crash and go: each record takes effect once, in order, and none is lost."""

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from runtime.broker import Message, Offsets, Partition
from runtime.loop import Loop
from runtime.memory import MemoryBroker, MemoryConsumer
from schemas.chain import Price
from schemas.errors import TransientError
from schemas.topics import TopicSpec
from tests.clock import ManualClock

THINGS = TopicSpec(
    name="things-v1", doc="", records=(Price,), key="market", partitions=3, retention_hours=1
)


Durable = dict[Partition, tuple[int, list[int]]]


class Summing:
    """Keeps a list per partition; what is durable is the list with the offset that it covers."""

    topics: Sequence[str] = (THINGS.name,)

    def __init__(self, durable: Durable) -> None:
        self.durable = durable
        self.lists: dict[Partition, list[int]] = {}
        self.able = True

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        starts = {}
        for partition in partitions:
            starts[partition], known = self.durable.get(partition, (0, []))
            self.lists[partition] = list(known)
        return starts

    def process(self, batch: Sequence[Message]) -> None:
        for message in batch:
            self.lists[message.origin].append(int(message.value or b""))

    def checkpoint(self, offsets: Offsets) -> None:
        for partition, offset in offsets.items():
            self.durable[partition] = (offset, list(self.lists[partition]))

    def released(self, partitions: Sequence[Partition]) -> None:
        for partition in partitions:
            del self.lists[partition]

    def tick(self) -> None:
        pass

    def ready(self) -> bool:
        return self.able


class Unreliable(MemoryConsumer):
    fails = False

    def commit(self, offsets: Offsets) -> None:
        if self.fails:
            raise TransientError("not now")
        super().commit(offsets)


class Members(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.log = MemoryBroker()
        self.log.create([THINGS])
        self.clock = ManualClock(0.0)
        self.durable: Durable = {}
        self.running: list[tuple[Loop, Unreliable, Summing]] = []
        self.written: dict[int, list[int]] = {0: [], 1: [], 2: []}
        self.last = 0

    @rule(partition=st.integers(0, 2), count=st.integers(1, 5))
    def write(self, partition: int, count: int) -> None:
        producer = self.log.producer()
        for _ in range(count):
            self.last += 1
            self.written[partition].append(self.last)
            producer.send(THINGS.name, b"%d" % self.last, partition=partition)

    @precondition(lambda self: len(self.running) < 3)
    @rule(limit=st.integers(1, 4))
    def join(self, limit: int) -> None:
        consumer, task = Unreliable(self.log, "group"), Summing(self.durable)
        loop = Loop(consumer, task, self.clock, interval=1.0, limit=limit)
        consumer.subscribe(task.topics, loop)
        self.running.append((loop, consumer, task))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), seconds=st.sampled_from([0.0, 1.0]), fails=st.booleans())
    def step(self, data: st.DataObject, seconds: float, fails: bool) -> None:  # noqa: FBT001 - drawn
        loop, consumer, task = data.draw(st.sampled_from(self.running))
        self.clock.seconds += seconds
        consumer.fails = fails
        task.able = data.draw(st.booleans())
        loop.step()

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        member = data.draw(st.sampled_from(self.running))
        self.running.remove(member)
        loop, consumer, _ = member
        loop._failed = True
        consumer.close()

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        member = data.draw(st.sampled_from(self.running))
        self.running.remove(member)
        loop, consumer, _ = member
        loop._save(loop._offsets)
        consumer.close()

    @invariant()
    def what_is_durable_is_a_beginning_of_what_was_written(self) -> None:
        for partition, (offset, known) in self.durable.items():
            assert known == self.written[partition.number][:offset]

    @invariant()
    def the_group_is_never_ahead_of_what_is_durable(self) -> None:
        every = [Partition(THINGS.name, number) for number in range(3)]
        for partition, offset in self.log.committed("group", every).items():
            assert offset <= self.durable[partition][0]

    @invariant()
    def nobody_shares_a_partition(self) -> None:
        owned = [partition for _, _, task in self.running for partition in task.lists]
        assert len(owned) == len(set(owned))

    def teardown(self) -> None:
        self.running = self.running or []
        if not self.running:
            self.join(4)
        for loop, consumer, task in self.running:
            consumer.fails, task.able = False, True
            for _ in range(2 + self.last):
                self.clock.seconds += 1.0
                loop.step()
        for partition, written in self.written.items():
            if written:
                assert self.durable[Partition(THINGS.name, partition)][1] == written


TestMembers = Members.TestCase
TestMembers.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
