"""The archive service: topics in, files out. What counts is in the register, not in the group.

On start a partition is read from where its register ends, whatever the group committed; the group's
offset only shows people how far behind it is. Records wait in memory until their batch is large or
old enough, then their files are written, then the register names them, then the group is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forensics.archive.columns import Kept
from forensics.archive.filing import Place, file
from forensics.archive.merging import merge_small
from forensics.archive.register import Entry, Register
from forensics.archive.writing import write_batch
from runtime.broker import Broker, Message, Offsets, Partition
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError

_log = logger(__name__)

KEEP_EVERY = 60.0
"""Seconds that a record waits at most; killed before that, it is read again."""

LARGEST_BATCH = 64 * 1024 * 1024
"""Bytes of one partition after which it is written at once."""

MOST_WAITING = 256 * 1024 * 1024
"""Bytes of all partitions together after which the largest batch is written."""

_OBJECTS = 1024
"""Bytes that a record's objects take beside its own."""

MOST_PLACES = 64
"""Days and chains of one batch: more would be as many tiny files, so it is cut there."""


@dataclass(slots=True)
class _Batch:
    """What waits of one partition."""

    first: int
    """The offset at which it begins: where the register ends."""
    records: list[Kept] = field(default_factory=list)
    size: int = 0
    places: set[Place] = field(default_factory=set)


class Keeper:
    """What the consumer loop runs (`runtime.loop.Task`)."""

    def __init__(self, root: Path, broker: Broker, topics: Sequence[str], metrics: Metrics) -> None:
        self.topics = topics
        self._root = root
        self._register = Register(root)
        self._broker = broker
        self._metrics = metrics
        self._batches: dict[Partition, _Batch] = {}
        for topic in topics:
            metrics.archive_lost.labels(topic)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Go on where the register ends; for a new partition, at the first record that is there.

        Raises `ConfigurationError` when the archive is ahead of the topic: it is another's.
        """
        starts = {}
        for partition in partitions:
            end = self._register.end(partition)
            low, high = self._broker.bounds(partition)
            if end is not None and end > high:
                raise ConfigurationError(
                    f"{partition.topic}[{partition.number}] ends at {high}, and the archive in "
                    f"{self._root} has it up to {end}: it is of another topic of that name. Give "
                    "archive.folder another folder"
                )
            if end is not None:
                with self._register.lock(partition):
                    self._register.sweep(partition)
                if end < low:
                    self._note_loss(partition, end, low)
            starts[partition] = low if end is None else max(end, low)
            self._batches[partition] = _Batch(starts[partition])
        return starts

    def _note_loss(self, partition: Partition, end: int, low: int) -> None:
        """Say that the topic dropped records before they were kept; stopping would lose more."""
        self._register.add(partition, Entry(end, low, 0, 0, (), lost=True))
        self._metrics.archive_lost.labels(partition.topic).inc(low - end)
        _log.error("lost", topic=partition.topic, partition=partition.number, first=end, end=low)

    def process(self, batch: Sequence[Message]) -> None:
        """Take records in; write what has become large."""
        for message in batch:
            waiting = self._batches[message.origin]
            filing = file(message)
            waiting.records.append((message, filing))
            waiting.size += _size(message)
            waiting.places.add(filing.place)
            self._metrics.records.labels(message.topic).inc()
            if waiting.size >= LARGEST_BATCH or len(waiting.places) >= MOST_PLACES:
                self._keep(message.origin, message.offset + 1)
        if sum(waiting.size for waiting in self._batches.values()) >= MOST_WAITING:
            largest = max(self._batches, key=lambda partition: self._batches[partition].size)
            self._keep(largest, self._batches[largest].records[-1][0].offset + 1)

    def checkpoint(self, offsets: Offsets) -> None:
        """Have all records below these offsets in files that count."""
        for partition, offset in offsets.items():
            self._keep(partition, offset)

    def _keep(self, partition: Partition, end: int) -> None:
        waiting = self._batches[partition]
        if not waiting.records:
            return
        newest = max(message.time for message, _ in waiting.records)
        try:
            files = write_batch(self._root, partition, waiting.records)
            self._register.add(partition, Entry(waiting.first, end, newest, waiting.size, files))
        except OSError as error:
            raise TransientError(
                f"{self._root} takes no more: {error}. Nothing is lost while topics keep it"
            ) from error
        self._metrics.archived.labels(partition.topic).inc(len(waiting.records))
        self._metrics.archived_bytes.labels(partition.topic).inc(sum(f.bytes for f in files))
        self._batches[partition] = _Batch(end)
        self._merge(partition)

    def _merge(self, partition: Partition) -> None:
        """Merge what is due. What cannot be merged stays as it is, and holds up nothing."""
        spot = {"topic": partition.topic, "partition": partition.number}
        try:
            merged = merge_small(self._register, partition)
        except (OSError, UnsafeToContinueError) as error:
            _log.error("not_merged", **spot, error=str(error))
            return
        if merged:
            _log.info("merged", **spot, batches=merged)

    def released(self, partitions: Sequence[Partition]) -> None:
        """Forget what waits of these: who has them now reads it again."""
        for partition in partitions:
            self._batches.pop(partition, None)

    def tick(self) -> None:
        """Nothing is due without a record but the checkpoint."""

    def ready(self) -> bool:
        """What waits is bounded by writing it, so it can always take more."""
        return True


def _size(message: Message) -> int:
    beside = sum(len(name) + len(value or b"") for name, value in message.headers)
    return _OBJECTS + len(message.key or b"") + len(message.value or b"") + beside
