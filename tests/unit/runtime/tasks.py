"""A task for loops to run, and a topic for it to read."""

from collections.abc import Sequence

from runtime.broker import Message, Offsets, Partition
from runtime.memory import MemoryBroker
from schemas.chain import Price
from schemas.errors import UnsafeToContinueError
from schemas.topics import TopicSpec

THINGS = TopicSpec(
    name="things-v1", doc="", records=(Price,), key="market", partitions=2, retention_hours=1
)
ONE, TWO = Partition(THINGS.name, 0), Partition(THINGS.name, 1)


class Task:
    """Remembers what it was told; fails where it is asked to."""

    topics: Sequence[str] = (THINGS.name,)

    def __init__(self) -> None:
        self.story: list[str] = []
        self.done: list[bytes | None] = []
        self.saved: list[Offsets] = []
        self.starts: dict[Partition, int] = {}
        self.able = True
        self.fails_at = ""

    def _note(self, step: str) -> None:
        self.story.append(step)
        if step == self.fails_at:
            raise UnsafeToContinueError(step)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        self._note("assigned")
        return self.starts

    def process(self, batch: Sequence[Message]) -> None:
        self._note("process")
        self.done += [message.value for message in batch]

    def checkpoint(self, offsets: Offsets) -> None:
        self._note("checkpoint")
        self.saved.append(dict(offsets))

    def released(self, partitions: Sequence[Partition]) -> None:
        self._note("released")

    def tick(self) -> None:
        self._note("tick")

    def ready(self) -> bool:
        return self.able


def write(log: MemoryBroker, *values: bytes, partition: int = 0) -> None:
    """Append these to a partition."""
    producer = log.producer()
    for value in values:
        producer.send(THINGS.name, value, partition=partition)
