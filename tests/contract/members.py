"""Who takes part in the contract tests: a writer, and members of a group."""

import time
from collections.abc import Callable, Sequence

from runtime.broker import Broker, Consumer, Message, Offsets, Partition, read_all
from schemas.chain import Price
from schemas.topics import TopicSpec

PATIENCE = 30.0
"""Seconds after which a condition that should come true counts as broken."""


def spec(name: str = "things-v1", partitions: int = 4, hours: int | None = 1) -> TopicSpec:
    return TopicSpec(
        name=name, doc="", records=(Price,), key="market", partitions=partitions,
        retention_hours=hours, max_bytes=1000,
    )  # fmt: skip


THINGS = spec()
EVERY = [Partition(THINGS.name, number) for number in range(THINGS.partitions)]
FIRST = EVERY[0]


class Pen:
    """Writes to the topic with one producer: a new one has to be known to the cluster first."""

    def __init__(self, broker: Broker) -> None:
        self._producer = broker.producer()

    def __call__(
        self, *values: bytes, key: bytes | None = None, partition: int | None = None
    ) -> None:
        for value in values:
            self._producer.send(THINGS.name, value, key=key, partition=partition)
        self._producer.flush()


class Member:
    """A member of a group that writes down what happened to it."""

    def __init__(self, broker: Broker, story: list[str] | None = None, name: str = "one") -> None:
        self.consumer: Consumer = broker.consumer("group")
        self.story = [] if story is None else story
        self.name = name
        self.starts: dict[Partition, int] = {}
        self.owned: set[Partition] = set()
        self.got: list[Message] = []

    def join(self) -> None:
        self.consumer.subscribe([THINGS.name], self)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        self.owned |= set(partitions)
        self.story += [f"{self.name} gets {partition.number}" for partition in partitions]
        return {p: offset for p, offset in self.starts.items() if p in partitions}

    def revoked(self, partitions: Sequence[Partition]) -> None:
        self.owned -= set(partitions)
        self.story += [f"{self.name} gives {partition.number}" for partition in partitions]

    def lost(self, partitions: Sequence[Partition]) -> None:
        self.owned -= set(partitions)
        self.story += [f"{self.name} lost {partition.number}" for partition in partitions]

    def turn(self) -> None:
        self.got += self.consumer.fetch(100, 0.05)

    def values(self) -> list[bytes | None]:
        return [message.value for message in self.got]


def until(condition: Callable[[], bool], *members: Member) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, [member.story for member in members]
        for member in members:
            member.turn()


def everything(broker: Broker) -> list[Message]:
    found: list[Message] = []
    for partition in EVERY:
        read_all(broker, partition, found.append)
    return found
