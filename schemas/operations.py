"""Records that the services keep for themselves: dead letters, checkpoints, detector state."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from schemas.alerts import Sentence
from schemas.base import Part, Record
from schemas.units import Chain, Hash, Height, Id, Key, Name

Offset = Annotated[int, Meta(ge=0)]


class DeadLetter(Record, tag="dead-letter", frozen=True, kw_only=True):
    """A record that could not be read, with every byte it had. Keyed by its topic."""

    id: Id
    service: Name
    topic: Name
    partition: Annotated[int, Meta(ge=0)]
    offset: Offset
    reason: Sentence
    fault: Literal["envelope", "content"]
    """`envelope`: our own doing (schema, version, size); a streak of these stops the service.
    `content`: what the chain or a stranger wrote; never stops anything."""
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class BlockRef(Part, frozen=True, kw_only=True):
    """A block that ingest has published."""

    number: Height
    hash: Hash
    parent: Hash
    timestamp: int


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
    done: bool = False
    """True for a recorded file whose every record is published."""
    records: Annotated[int, Meta(ge=0)] = 0


class KeyState(Record, tag="state", frozen=True, kw_only=True):
    """Everything one detector set knows of one protocol, keyed by set and protocol; compacted."""

    set: Key
    key: Key
    partition: Annotated[int, Meta(ge=0)]
    offset: Offset
    """The input offset up to which (not including) this state covers its key."""
    state: dict[str, Any]


class PartitionMark(Record, tag="mark", frozen=True, kw_only=True):
    """Every key of this input partition is covered up to (not including) this offset."""

    set: Key
    partition: Annotated[int, Meta(ge=0)]
    offset: Offset


StateRecord = KeyState | PartitionMark
