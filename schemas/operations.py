"""Records that the services keep for themselves: dead letters, checkpoints, detector state."""

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from schemas.alerts import Sentence
from schemas.base import Part, Record
from schemas.units import Chain, Count, Hash, Height, Id, Key, Name, Seconds

Offset = Count

Fault = Literal["envelope", "content"]
"""`envelope`: our own doing (schema, version, size); a streak of these stops the service.
`content`: what the chain or a stranger wrote; never stops anything."""


class DeadLetter(Record, tag="dead-letter", frozen=True, kw_only=True):
    """A record that could not be read, with every byte it had. Keyed by its topic."""

    id: Id
    service: Name
    topic: Name
    partition: Count
    offset: Offset
    reason: Sentence
    fault: Fault
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    cut: Count = 0
    """Bytes left off the end of a value that is larger than any record may be."""


class BlockRef(Part, frozen=True, kw_only=True):
    """A block that ingest has published."""

    number: Height
    hash: Hash
    parent: Hash
    timestamp: Seconds


class IngestCheckpoint(Record, tag="checkpoint", frozen=True, kw_only=True):
    """How far ingest has published one source. Keyed by source; compacted.

    Every record that belongs to `blocks` lies below `offsets` on its topic. What was published
    after them is found by reading on from there.
    """

    id: Id
    chain: Chain
    source: Name
    blocks: tuple[BlockRef, ...]
    offsets: dict[str, tuple[Offset, ...]]
    final: Height = 0
    """The newest block that may never be retracted any more, whatever a node says."""
    step: Count = 0
    """How many steps were published: a block that joined its chain, or left it. The records of each
    carry the number of theirs in a header."""
    done: bool = False
    """True for a recorded file whose every record is published."""
    records: Count = 0


class Beat(Record, tag="beat", frozen=True, kw_only=True):
    """A sign of life of one process, told by the loop that does its work. Keyed by service.

    What one process `wrote` another must have read soon after, or it is alive and deaf. It names no
    time: who hears it goes by his own clock.
    """

    id: Id
    service: Name
    group: Name
    """Of the processes that share this work: a consumer group's name, a chain's publishers."""
    instance: Name
    number: Count
    """Of this process's beats."""
    waiting: Sentence = ""
    """What keeps it from its work, '' when nothing does."""
    reads: Annotated[dict[Name, Offset], Meta(max_length=1024)] = field(default_factory=dict)
    """By `topic/partition` the offset up to which (not including) it has worked."""
    wrote: Annotated[dict[Name, Offset], Meta(max_length=1024)] = field(default_factory=dict)
    """By `topic/partition` the offset after its newest record that the log has."""


class KeyState(Record, tag="state", frozen=True, kw_only=True):
    """Everything one detector set knows of one protocol, keyed by set and protocol; compacted."""

    set: Key
    key: Key
    partition: Count
    offset: Offset
    """The input offset up to which (not including) this state covers its key."""
    state: dict[str, Any]


class PartitionMark(Record, tag="mark", frozen=True, kw_only=True):
    """Every key of this input partition is covered up to (not including) this offset."""

    set: Key
    partition: Count
    offset: Offset
    heads: dict[Chain, Height] = field(default_factory=dict)
    """The newest block of each chain that this partition told of."""


StateRecord = KeyState | PartitionMark
