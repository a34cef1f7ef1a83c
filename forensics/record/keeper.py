"""The service that keeps the log: every record becomes a leaf, every few seconds a seal.

Order is that of arrival: within a partition by offset, so that a brake's intent stands before its
act; among partitions as they were read. A seal tells that order, and whoever rebuilds the log keeps
to it. Where to read on is what the log itself holds, never what the group committed.
"""

from collections.abc import Sequence

from forensics.record.leaf import UNREAD, leaf_of
from forensics.record.log_writer import LogWriter
from forensics.record.sealing import Sealing
from runtime.broker import Broker, Message, Offsets, Partition
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.errors import UnsafeToContinueError
from schemas.services import RECORDED

_log = logger(__name__)


class Keeper:
    """What the consumer loop runs."""

    topics = tuple(spec.name for spec in RECORDED)

    def __init__(
        self,
        broker: Broker,
        log: LogWriter,
        sealing: Sealing,
        metrics: Metrics,
        *,
        from_what_is_left: bool = False,
    ) -> None:
        """`from_what_is_left`: go on where records were removed before they had a leaf."""
        self._broker = broker
        self._leaves = log
        self._sealing = sealing
        self._metrics = metrics
        self._from_what_is_left = from_what_is_left
        for topic in self.topics:
            metrics.audit_leaves.labels(topic)
            metrics.audit_unread.labels(topic)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Start each behind its newest leaf.

        Raises `UnsafeToContinueError` where that offset is not there any more, or not yet.
        """
        return {partition: self._start(partition) for partition in partitions}

    def _start(self, partition: Partition) -> int:
        low, high = self._broker.bounds(partition)
        end = self._leaves.ends.get(partition)
        place = f"{partition.topic}[{partition.number}]"
        if end is None:
            return low
        if end > high:
            raise UnsafeToContinueError(
                f"{place} ends at offset {high}, and the log has leaves up to {end - 1}: the topic "
                "was made anew. Keep this log as it is and begin another, with an origin and a "
                "database of its own"
            )
        if end < low and not self._from_what_is_left:
            raise UnsafeToContinueError(
                f"{place} begins at offset {low}, and the log ends before {end}: "
                f"{low - end} records were removed before they were recorded. Find out why, then "
                "start with --from-what-is-left; the gap stays visible in the log"
            )
        return max(low, end)

    def process(self, batch: Sequence[Message]) -> None:
        """Write a leaf for every record, readable or not."""
        leaves = self._leaves.append([leaf_of(message) for message in batch])
        self._sealing.take(leaves)
        for leaf in leaves:
            self._metrics.audit_leaves.labels(leaf.topic).inc()
            if leaf.kind == UNREAD:
                self._metrics.audit_unread.labels(leaf.topic).inc()
                _log.warning("unread", topic=leaf.topic, offset=leaf.offset)

    def tick(self) -> None:
        """Seal a brake's step at once."""
        if self._sealing.urgent:
            self._sealing.seal()

    def checkpoint(self, offsets: Offsets) -> None:  # noqa: ARG002 - the leaves are there already
        """Seal what came since the last time."""
        self._sealing.seal()

    def released(self, partitions: Sequence[Partition]) -> None:
        """Nothing is kept by partition."""

    def ready(self) -> bool:
        """Say that more can come."""
        return True
