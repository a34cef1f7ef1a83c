"""What the archive's tests stand on: topics in memory, a keeper, and a way to be killed."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from detectors.samples import transactions
from forensics.archive.history import Archive
from forensics.archive.keeper import Keeper
from runtime.broker import Message, Partition, read_all
from runtime.clock import SystemClock
from runtime.loop import Loop
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.base import Record
from schemas.codec import encode
from schemas.topics import ALERTS, PRICES, TRANSACTIONS, TopicSpec

DAY = 86_400
FIRST = 1_767_225_600
"""The first second of 2026."""


def log(*specs: TopicSpec) -> MemoryBroker:
    broker = MemoryBroker()
    broker.create(specs or (TRANSACTIONS, ALERTS, PRICES))
    broker.milliseconds = FIRST * 1000
    return broker


def put(
    broker: MemoryBroker,
    spec: TopicSpec,
    record: Record | bytes,
    partition: int = 0,
    key: bytes = b"key",
) -> None:
    value = record if isinstance(record, bytes) else encode(record)
    headers = (("record-id", b"x"), ("record-id", b""), ("none", b"\xff"))
    broker.producer().send(spec.name, value, key=key, headers=headers, partition=partition)


def fill(broker: MemoryBroker, count: int, seed: int = 0) -> None:
    """Write transactions of several days to several partitions."""
    for number, record in enumerate(transactions(count, seed)):
        broker.milliseconds += 1000
        put(broker, TRANSACTIONS, record, partition=number % 3)


class Stage:
    """One process that keeps: its consumer and its loop, which may be left as if it were killed."""

    def __init__(self, broker: MemoryBroker, root: Path, topics: Sequence[str]) -> None:
        self.metrics = Metrics()
        keeper = Keeper(root, broker, topics, self.metrics)
        self._consumer = broker.consumer("archive")
        self.loop = Loop(self._consumer, keeper, SystemClock(), interval=0.0, limit=7)
        self._topics = topics

    def keep(self, turns: int = 40) -> None:
        """Join, take what is there in small batches, and stay a member."""
        self._consumer.subscribe(self._topics, self.loop)
        for _ in range(turns):
            self.loop.step()


def keep(broker: MemoryBroker, root: Path, *topics: str, turns: int = 40) -> Metrics:
    stage = Stage(broker, root, topics or (TRANSACTIONS.name, ALERTS.name, PRICES.name))
    stage.keep(turns)
    stage.loop._consumer.close()
    return stage.metrics


def everything(source: Any, topic: str) -> list[Message]:
    found: list[Message] = []
    for number in range(source.partitions(topic)):
        read_all(source, Partition(topic, number), found.append)
    return found


def assert_same(broker: MemoryBroker, root: Path, topic: str = TRANSACTIONS.name) -> None:
    """Each record is there once, as it was."""
    kept = everything(Archive(root), topic)
    assert kept == everything(broker, topic)


class Killed(BaseException):
    """The process is gone; nothing of it runs any more."""


@contextmanager
def killed_before(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Let no change of the disk happen from the so-manieth on; yields how many were asked for."""
    asked = [0]

    def mortal(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **options: Any) -> Any:
            asked[0] += 1
            if asked[0] > step:
                raise Killed
            return change(*arguments, **options)

        return changed

    with monkeypatch.context() as patched:
        for owner, name in (
            (os, "fsync"),
            (os, "link"),
            (Path, "rename"),
            (Path, "replace"),
            (Path, "unlink"),
            (Path, "mkdir"),
        ):
            patched.setattr(owner, name, mortal(getattr(owner, name)))
        yield asked
