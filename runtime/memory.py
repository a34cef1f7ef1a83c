"""A broker in memory, for unit tests and for scoring recorded files without a server.

Keeps the port's promises within one thread: order per partition, groups with committed offsets,
rebalance among the members of a group, at the moment when one joins or leaves. It has no
durability, no retention and no compaction.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from runtime.broker import Message, Offsets, Partition, Rebalance
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.headers import Headers
from schemas.topics import TopicSpec


class MemoryBroker:
    """Topics as lists. Topics have to be created first, as on a real broker."""

    def __init__(self) -> None:
        self._specs: dict[str, TopicSpec] = {}
        self._logs: dict[Partition, list[Message]] = {}
        self._times: dict[Partition, list[int]] = {}
        self._committed: dict[str, dict[Partition, int]] = defaultdict(dict)
        self._members: dict[str, list[MemoryConsumer]] = defaultdict(list)
        self.milliseconds = 0
        """The timestamp that the next record gets."""

    def producer(self) -> "MemoryProducer":
        """Return a new producer."""
        return MemoryProducer(self)

    def consumer(self, group: str | None = None) -> "MemoryConsumer":
        """Return a new consumer."""
        return MemoryConsumer(self, group)

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has, 0 when it does not exist."""
        return self._specs[topic].partitions if topic in self._specs else 0

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return 0 and the next offset to be written."""
        return 0, len(self.log(partition))

    def offsets_at(self, topic: str, milliseconds: int) -> dict[Partition, int]:
        """Return, per partition, the first offset at or after this time, or the end."""
        found = {}
        for number in range(self.require(topic)):
            partition = Partition(topic, number)
            times = self._times[partition]
            later = (offset for offset, time in enumerate(times) if time >= milliseconds)
            found[partition] = next(later, len(times))
        return found

    def committed(self, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the group's committed offsets; a partition without one is absent."""
        offsets = self._committed[group]
        return {partition: offsets[partition] for partition in partitions if partition in offsets}

    def create(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Create the topics that do not exist; return their names."""
        new = [spec for spec in specs if spec.name not in self._specs]
        for spec in new:
            self._specs[spec.name] = spec
            for number in range(spec.partitions):
                self._logs[Partition(spec.name, number)] = []
                self._times[Partition(spec.name, number)] = []
        return [spec.name for spec in new]

    def differences(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Say how existing topics differ from their specification."""
        found: list[str] = []
        for spec in specs:
            actual = self._specs.get(spec.name)
            config = actual.config if actual else {}
            found += spec.differences(self.partitions(spec.name), config)
        return found

    def require(self, topic: str) -> int:
        """Return how many partitions the topic has. Raises `ConfigurationError` for none."""
        count = self.partitions(topic)
        if not count:
            raise ConfigurationError(f"topic {topic!r} does not exist; create it first")
        return count

    def log(self, partition: Partition) -> list[Message]:
        """Return the records of one partition, oldest first."""
        self.require(partition.topic)
        return self._logs[partition]

    def append(self, message: Message) -> str:
        """Write one record at the end of its partition, which sets its offset; or say why not."""
        spec = self._specs[message.topic]
        if len(message.value or b"") > int(spec.config["max.message.bytes"]):
            return f"{message.topic}[{message.partition}]: the record is too large"
        if message.partition >= spec.partitions:
            return f"{message.topic}[{message.partition}]: there is no such partition"
        log = self._logs[message.origin]
        log.append(replace(message, offset=len(log), time=self.milliseconds))
        self._times[message.origin].append(self.milliseconds)
        return ""

    def commit(self, group: str, offsets: Offsets) -> None:
        """Record a group's position."""
        self._committed[group].update(offsets)

    def join(self, group: str, member: "MemoryConsumer") -> None:
        """Add a member and share the partitions anew."""
        self._members[group].append(member)
        self._share(group)

    def leave(self, group: str, member: "MemoryConsumer") -> None:
        """Take a member out and share the partitions anew."""
        if member in self._members[group]:
            self._members[group].remove(member)
            self._share(group)

    def _share(self, group: str) -> None:
        members = self._members[group]
        wanted: dict[MemoryConsumer, set[Partition]] = {member: set() for member in members}
        for topic in sorted({topic for member in members for topic in member.topics}):
            takers = [member for member in members if topic in member.topics]
            for number in range(self.partitions(topic)):
                wanted[takers[number % len(takers)]].add(Partition(topic, number))
        for member in members:
            member.give_up(member.owned - wanted[member])
        for member in members:
            member.take_on(wanted[member] - member.owned)


class MemoryProducer:
    """Appends at once; what the log refuses surfaces at `flush`, as it does on a real broker."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._ends: dict[Partition, int] = {}
        self._failures: list[str] = []

    def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        """Append one record."""
        count = self._broker.require(topic)
        number = zlib.crc32(key or b"") % count if partition is None else partition
        fault = self._broker.append(Message(topic, number, 0, key, value, headers))
        if fault:
            self._failures.append(fault)
            return
        written = Partition(topic, number)
        self._ends[written] = len(self._broker.log(written))

    def waiting(self) -> int:
        """Return 0: what is sent is there at once."""
        return 0

    def flush(self) -> Offsets:
        """Return how far it has written."""
        if self._failures:
            raise UnsafeToContinueError(
                f"{len(self._failures)} records were not kept; first: {self._failures[0]}"
            )
        return dict(self._ends)

    def close(self) -> None:
        """Flush; there is nothing to let go."""
        self.flush()


class MemoryConsumer:
    """Reads from the broker's lists."""

    def __init__(self, broker: MemoryBroker, group: str | None) -> None:
        self._broker = broker
        self._group = group
        self._rebalance: Rebalance | None = None
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self.topics: tuple[str, ...] = ()

    @property
    def owned(self) -> set[Partition]:
        """The partitions it reads now."""
        return set(self._positions)

    def subscribe(self, topics: Sequence[str], rebalance: Rebalance) -> None:
        """Join the group for these topics."""
        if self._group is None:
            raise ConfigurationError("a consumer without a group cannot subscribe")
        for topic in topics:
            self._broker.require(topic)
        self.topics, self._rebalance = tuple(topics), rebalance
        self._broker.join(self._group, self)

    def assign(self, offsets: Offsets) -> None:
        """Read exactly these partitions from these offsets."""
        self._positions = dict(offsets)

    def take_on(self, partitions: set[Partition]) -> None:
        """Start reading these, told by the broker."""
        if not partitions or self._rebalance is None or self._group is None:
            return
        ordered = sorted(partitions)
        starts = self._broker.committed(self._group, ordered)
        starts |= self._rebalance.assigned(ordered)
        self._positions |= {partition: starts.get(partition, 0) for partition in ordered}

    def give_up(self, partitions: set[Partition]) -> None:
        """Stop reading these, told by the broker."""
        if not partitions or self._rebalance is None:
            return
        self._rebalance.revoked(sorted(partitions))
        self._paused -= partitions
        for partition in partitions:
            del self._positions[partition]

    def fetch(self, limit: int, timeout: float) -> list[Message]:  # noqa: ARG002 - never waits
        """Return up to `limit` records, at once."""
        batch: list[Message] = []
        for partition in sorted(self.owned - self._paused):
            start = self._positions[partition]
            batch += self._broker.log(partition)[start : start + limit - len(batch)]
        for message in batch:
            self._positions[message.origin] = message.offset + 1
        return batch

    def position(self, partition: Partition) -> int:
        """Return the offset of the next record."""
        return self._positions[partition]

    def lags(self) -> dict[Partition, int]:
        """Return how many records of each of our partitions are not fetched yet."""
        return {
            partition: len(self._broker.log(partition)) - position
            for partition, position in self._positions.items()
        }

    def commit_soon(self, offsets: Offsets, done: Callable[[Offsets], None]) -> None:
        """Record the group's position, at once."""
        try:
            self.commit(offsets)
        except TransientError:
            return
        done(offsets)

    def commit(self, offsets: Offsets) -> None:
        """Record the group's position."""
        if self._group is None:
            raise ConfigurationError("a consumer without a group cannot commit")
        if not set(offsets) <= self.owned:
            raise TransientError("the group gave these partitions to somebody else")
        self._broker.commit(self._group, offsets)

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Fetch nothing from these until resumed."""
        self._paused |= set(partitions)

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch from these again."""
        self._paused -= set(partitions)

    def close(self) -> None:
        """Leave the group."""
        if self._group is not None:
            self.give_up(self.owned)
            self._broker.leave(self._group, self)
