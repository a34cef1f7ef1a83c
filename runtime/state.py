"""Snapshots of keyed state in a compacted topic. The snapshot is the truth, not the group's offset.

One record per key holds the key's whole state and the input offset it covers; one record per input
partition, the mark, says that every key of it is covered up to there. Input partition n is kept in
state partition n, so a member restores only what it was given. On start: read from the mark, and
let each key skip what its own record covers beyond it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.broker import Broker, Message, Partition, Producer, read_all
from schemas.base import Record
from schemas.codec import decode_from, encode, encode_around
from schemas.errors import PoisonRecordError, UnsafeToContinueError
from schemas.operations import KeyState, PartitionMark
from schemas.topics import DETECTOR_STATE, TRANSACTIONS, TopicSpec


@dataclass(slots=True)
class Restored:
    """What was saved of one input partition."""

    start: int = 0
    """The input offset to read from."""
    keys: dict[str, KeyState] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    """The newest block of each chain that the partition told of, up to `start`."""


class StateStore:
    """Saves and restores the state of one detector set."""

    def __init__(
        self,
        broker: Broker,
        producer: Producer,
        set_name: str,
        group: str | None = None,
        source: TopicSpec = TRANSACTIONS,
    ) -> None:
        """`group` reads `source`; what it has committed shows that there was a state once."""
        self._source = source
        self._broker = broker
        self._producer = producer
        self._set = set_name
        self._group = group

    def restore(self, partition: int) -> Restored:
        """Return what is saved for one input partition; nothing saved means: from its beginning.

        A member that was stopped for so long that its partition went to another may write a key's
        state once more as it wakes, behind a mark that is further: that key goes on from there.

        Raises `UnsafeToContinueError` when a snapshot cannot be read, or when there was one once
        and the records that it was made of are gone as well: guessing would change scores.
        """
        found = Restored()
        late: dict[str, int] = {}

        def take(message: Message) -> None:
            record = _decoded(message)
            if isinstance(record, KeyState) and record.set == self._set:
                found.keys[record.key] = record
                late.pop(record.key, None)
                if record.offset < found.start:
                    late[record.key] = record.offset
            elif isinstance(record, PartitionMark) and record.set == self._set:
                found.start, found.heads = record.offset, record.heads

        read_all(self._broker, Partition(DETECTOR_STATE.name, partition), take)
        if found == Restored():
            self._require_whole(Partition(self._source.name, partition))
        found.start = min([found.start, *late.values()])
        return found

    def _require_whole(self, source: Partition) -> None:
        """Let a state be made anew only where none was lost, or from all that it was made of."""
        if self._group is None:
            return
        low, _ = self._broker.bounds(source)
        if low and self._broker.committed(self._group, [source]):
            raise UnsafeToContinueError(
                f"what set {self._set} knew of {source.topic}[{source.number}] is gone: "
                f"{DETECTOR_STATE.name} was deleted, and so were the records below offset {low:,}. "
                "Restore the topic from a backup, or learn anew under another name of the detector "
                "set (detect.sets); until it has warmed up, its alerts say so."
            )

    def write(self, state: KeyState, text: bytes = b"") -> None:
        """Queue one key's state; `text`: what it holds, as JSON, where the record leaves that
        empty."""
        value = encode_around(state, "state", text) if text else encode(state)
        self._write(f"{self._set}/{state.key}", state.partition, value)

    def mark(self, marks: Mapping[int, tuple[int, Mapping[str, int]]]) -> None:
        """Queue the marks of these partitions: their offsets, with the heads of the chains there.

        A mark must not be seen without the keys that it speaks for, so these have to be kept by
        now: `flush` after the last of them, or as good as that.
        """
        for partition, (offset, heads) in marks.items():
            mark = PartitionMark(
                set=self._set, partition=partition, offset=offset, heads=dict(heads)
            )
            self._write(f"{self._set}//{partition}", partition, encode(mark))

    def settled(self) -> bool:
        """Say whether all that was queued is kept, without waiting for it. Raises
        `UnsafeToContinueError` if some of it never will be."""
        if self._producer.waiting():
            return False
        self._producer.flush()
        return True

    def flush(self) -> None:
        """Wait until all that was queued is kept."""
        self._producer.flush()

    def _write(self, key: str, partition: int, value: bytes) -> None:
        self._producer.send(DETECTOR_STATE.name, value, key=key.encode(), partition=partition)


def _decoded(message: Message) -> Record:
    try:
        return decode_from(DETECTOR_STATE, message.value or b"")
    except PoisonRecordError as error:
        raise UnsafeToContinueError(
            f"the snapshot at {message.topic}[{message.partition}] offset {message.offset} cannot "
            f"be read: {error}. Start the version that wrote it, or learn anew under another name "
            "of the detector set."
        ) from error
