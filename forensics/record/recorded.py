"""The log as a topic: what read a topic's records reads those that have a leaf here, byte for byte.

It fulfils `runtime.broker.Kept`.
"""

from collections.abc import Iterable

from forensics.record.leaf import message_in
from forensics.record.log_reader import LogReader
from runtime.broker import Message, Offsets, Partition
from schemas.errors import PoisonRecordError


class Recorded:
    """What one log has leaves of. Raises as `LogReader` does."""

    def __init__(self, log: LogReader) -> None:
        self._log = log
        starts, ends = log.starts(), log.ends()
        self._bounds = {one: (starts[one], end) for one, end in ends.items()}

    def partitions(self, topic: str) -> int:
        """Return up to which partition there is something of the topic, 0 when there is nothing."""
        return max((one.number for one in self._bounds if one.topic == topic), default=-1) + 1

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset that has a leaf and the one after the last."""
        return self._bounds.get(partition, (0, 0))

    def whole(self, partition: Partition, end: int) -> bool:
        """Say whether every record of a partition before this offset has a leaf."""
        return self._log.count(partition, end) == end

    def consumer(self) -> "RecordedReader":
        """Return a new reader."""
        return RecordedReader(self._log)


class RecordedReader:
    """Reads one partition after the other. Raises `PoisonRecordError` at a leaf of which only the
    hash is left: nobody knows what it said."""

    def __init__(self, log: LogReader) -> None:
        self._log = log
        self._positions: dict[Partition, int] = {}
        self._open: list[Partition] = []

    def assign(self, offsets: Offsets) -> None:
        """Read exactly these partitions from these offsets."""
        self._positions, self._open = dict(offsets), list(offsets)

    def fetch(self, limit: int, timeout: float) -> list[Message]:  # noqa: ARG002 - never waits
        """Return up to `limit` records of one partition."""
        while self._open:
            partition = self._open[0]
            found = []
            for leaf in self._log.of(partition, self._positions[partition], limit):
                if leaf.entry is None:
                    raise PoisonRecordError(f"of leaf {leaf.position} only the hash is left")
                found.append(message_in(leaf.entry, self._log.apart))
            if found:
                self._positions[partition] = found[-1].offset + 1
                return found
            del self._open[0]
        return []

    def position(self, partition: Partition) -> int:
        """Return the offset up to which everything was fetched."""
        return self._positions[partition]

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Read no more of these."""
        self._open = [one for one in self._open if one not in set(partitions)]

    def close(self) -> None:
        """Let go."""
        self._open = []
