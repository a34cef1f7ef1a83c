"""The broker port: what Firebreak asks of a log, whoever keeps it.

Two adapters fulfil it, `runtime.kafka` and `runtime.memory`, and both pass the same contract suite
(`tests/contract`).
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple, Protocol

from msgspec import Struct

from schemas.headers import Headers
from schemas.topics import TopicSpec


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


class Message(Struct, frozen=True, gc=False):
    """One record as the log keeps it; bytes, not yet decoded."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    time: int = 0
    """When it was written, as the log says: milliseconds since 1970; negative where it does not."""

    @property
    def origin(self) -> Partition:
        """The partition it was read from."""
        return Partition(self.topic, self.partition)


Offsets = Mapping[Partition, int]
"""Per partition the offset of the next record to read."""


def ends(messages: Iterable[Message]) -> dict[Partition, int]:
    """Return, per partition, the offset after the last of these records."""
    found: dict[Partition, int] = {}
    last: Message | None = None
    for message in messages:
        # They come in runs of one partition, so that this is all there is to most of them.
        if last is not None and (
            message.partition != last.partition or message.topic != last.topic
        ):
            found[last.origin] = last.offset + 1
        last = message
    if last is not None:
        found[last.origin] = last.offset + 1
    return found


class Rebalance(Protocol):
    """What a group member does when partitions come and go."""

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Prepare for these partitions; return where to start each that should not start at the
        group's committed offset."""
        ...

    def revoked(self, partitions: Sequence[Partition]) -> None:
        """Finish with these partitions; they are still ours until this returns."""
        ...

    def lost(self, partitions: Sequence[Partition]) -> None:
        """Forget these partitions: somebody else has them already, so write nothing for them."""
        ...


class Producer(Protocol):
    """Appends records. Idempotent, acknowledged by all in-sync replicas, in order per partition."""

    def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        """Queue one record; its key chooses the partition unless one is given. Without a value,
        what a compacted topic has under that key is removed, sometime.

        Raises `TransientError` when the queue stays full, `ConfigurationError` where it is known
        already that this client may not write there.
        """
        ...

    def waiting(self) -> int:
        """Return how many queued records are not acknowledged yet, without waiting for any."""
        ...

    def flush(self) -> Offsets:
        """Return once every queued record is acknowledged: per partition that this producer ever
        wrote to, the offset after its newest record.

        Raises `UnsafeToContinueError` if any was not: what it belonged to must not be committed.
        """
        ...

    def close(self) -> None:
        """Flush and let go."""
        ...


class Consumer(Protocol):
    """Reads records, as a member of a group or of assigned partitions alone."""

    def subscribe(self, topics: Sequence[str], rebalance: Rebalance) -> None:
        """Join the group for these topics.

        Raises `ConfigurationError`, now or at a later `fetch`, when one does not exist.
        """
        ...

    def assign(self, offsets: Offsets) -> None:
        """Read exactly these partitions from these offsets, without any group."""
        ...

    def fetch(self, limit: int, timeout: float) -> list[Message]:
        """Wait up to `timeout` seconds for a record, then return it with up to `limit` - 1 others
        that are there already, all of partitions that are still ours. May call the `Rebalance`,
        and raises what that raised.

        Raises `UnsafeToContinueError` when records were removed before they were read.
        """
        ...

    def position(self, partition: Partition) -> int:
        """Return the offset up to which (not including) everything was fetched, gaps included, of
        a partition given to `assign`."""
        ...

    def lags(self) -> dict[Partition, int]:
        """Return how many records of each of our partitions are there and not fetched yet, by what
        the broker said last. Asks nobody; a partition that nothing is known of is absent."""
        ...

    def commit(self, offsets: Offsets) -> None:
        """Record the group's position. Raises `TransientError` when it did not get there."""
        ...

    def commit_soon(self, offsets: Offsets, done: Callable[[Offsets], None]) -> None:
        """Record the group's position without waiting: a later `fetch` tells `done` what got there,
        and logs what did not."""
        ...

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Fetch nothing from these until resumed; membership goes on. A partition may be paused
        while it is being assigned; giving it up ends the pause."""
        ...

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch from these again, at the position where they paused."""
        ...

    def close(self) -> None:
        """Leave the group, giving its partitions back. Raises what that raised."""
        ...


class Reader(Protocol):
    """The part of a consumer that reads what was written, outside any group."""

    def assign(self, offsets: Offsets) -> None:
        """See `Consumer`."""
        ...

    def fetch(self, limit: int, timeout: float) -> list[Message]:
        """See `Consumer`."""
        ...

    def position(self, partition: Partition) -> int:
        """See `Consumer`."""
        ...

    def pause(self, partitions: Iterable[Partition]) -> None:
        """See `Consumer`."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Kept(Protocol):
    """What was written to topics, wherever it is kept: on a broker, in an archive, in the log."""

    def consumer(self) -> Reader:
        """Return a new reader."""
        ...

    def partitions(self, topic: str) -> int:
        """See `Broker`."""
        ...

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """See `Broker`."""
        ...


class History(Kept, Protocol):
    """The same, by time too."""

    def offsets_at(self, topic: str, milliseconds: int) -> dict[Partition, int]:
        """See `Broker`."""
        ...


class Broker(Protocol):
    """A log: makes producers and consumers, knows its topics."""

    def producer(self) -> Producer:
        """Return a new producer."""
        ...

    def consumer(self, group: str | None = None) -> Consumer:
        """Return a new consumer. A group without a committed offset starts at the beginning."""
        ...

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has, 0 when it does not exist."""
        ...

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset that is kept and the next one to be written.

        Raises `ConfigurationError` when the topic does not exist.
        """
        ...

    def offsets_at(self, topic: str, milliseconds: int) -> dict[Partition, int]:
        """Return, per partition, the first offset at or after this time since 1970, or the end.

        Raises `ConfigurationError` when the topic does not exist.
        """
        ...

    def committed(self, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the group's committed offsets; a partition without one is absent.

        Raises `TransientError` when the group's coordinator does not know one of them.
        """
        ...

    def create(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Create the topics that do not exist; return their names."""
        ...

    def differences(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Say, one sentence each, how existing topics differ from their specification."""
        ...


def read_all(
    broker: History, partition: Partition, take: Callable[[Message], None], start: int | None = None
) -> int:
    """Hand every record of a partition, from `start` or its beginning to its present end, to
    `take`; return that end."""
    low, high = broker.bounds(partition)
    first = low if start is None else max(start, low)
    with closing(between(broker, partition, first, high)) as messages:
        for message in messages:
            take(message)
    return high


def between(kept: Kept, partition: Partition, start: int, end: int) -> Generator[Message]:
    """Give the records of a partition from `start`, which it still has, up to `end`, as they are
    asked for."""
    if start >= end:
        return
    consumer = kept.consumer()
    try:
        consumer.assign({partition: start})
        while consumer.position(partition) < end:
            for message in consumer.fetch(1000, 1.0):
                if message.offset < end:
                    yield message
    finally:
        consumer.close()


def read_topic(broker: History, topic: str, take: Callable[[Message], None]) -> None:
    """Hand every record of a topic to `take`, one partition after the other."""
    for number in range(broker.partitions(topic)):
        read_all(broker, Partition(topic, number), take)
