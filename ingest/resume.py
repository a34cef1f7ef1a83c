"""What was published after the last checkpoint, read back from the topics themselves.

A crash can come at any point, so records of the newest step may have reached some partitions and
not others. Every record carries the number of its step (`schemas.headers.STEP`): a block that
joined the chain, or left it. All records of a step are acknowledged before the next block is sent,
so only markers, and the contents of the very last step, can be missing anywhere.
"""

from dataclasses import dataclass, field

from ingest.chain import HashChain
from ingest.checkpoints import Checkpoints, as_table, ends, saved_at
from ingest.posts import MARKED, Sent
from ingest.raw import RawBlock
from runtime.broker import Broker, Message, Partition, read_all
from runtime.fencing import Terms
from schemas import headers
from schemas.chain import Block, Retraction
from schemas.codec import decode_from
from schemas.errors import PoisonRecordError, UnsafeToContinueError
from schemas.operations import BlockRef, IngestCheckpoint
from schemas.topics import CHECKPOINTS, DEPLOYMENTS, TOPICS

TRACKED = (*MARKED, DEPLOYMENTS)
"""The topics on which a chain is published."""


@dataclass(slots=True)
class Step:
    """A step that was begun after the checkpoint."""

    marker: Block | Retraction
    marked: set[Partition] = field(default_factory=set)
    """The partitions that have its marker."""
    there: set[Sent] = field(default_factory=set)
    """The other records of it that are there."""


@dataclass(slots=True)
class Resumed:
    """How far a chain is published, and what may be missing."""

    name: str
    """The chain, as CAIP-2 has it."""
    source: str
    step: int
    """The newest step."""
    chain: HashChain
    steps: dict[int, Step]
    """Those after the checkpoint, by number, ascending."""
    offsets: dict[Partition, int]
    """Where the tracked topics end."""


def resume(
    broker: Broker, checkpoints: Checkpoints, name: str, finality: int, begin: int | None
) -> Resumed:
    """Find out how far a chain is published; number `begin` comes first where nothing is.

    Raises `UnsafeToContinueError` when the topics do not go on from the checkpoint.
    """
    source = f"evm:{name}"
    checkpoint, term = checkpoints.newest_with_term(source)
    if checkpoint is None:
        return Resumed(name, source, 0, HashChain(finality, begin=begin), {}, ends(broker, TRACKED))
    reader = _Reader(checkpoint, Terms(name, term))
    offsets = _read_on(broker, checkpoint, reader)
    steps = reader.steps()
    chain = HashChain(finality, checkpoint.blocks, final=checkpoint.final, begin=begin)
    _replay(chain, checkpoint, steps)
    return Resumed(name, source, checkpoint.step + len(steps), chain, steps, offsets)


def start(broker: Broker, name: str) -> IngestCheckpoint:
    """Return the checkpoint of a chain of which nothing is published yet."""
    source = f"evm:{name}"
    return IngestCheckpoint(
        id=saved_at(source, 0, ""),
        chain=name,
        source=source,
        blocks=(),
        offsets=as_table(ends(broker, TRACKED)),
    )


def _read_on(
    broker: Broker, checkpoint: IngestCheckpoint, reader: "_Reader"
) -> dict[Partition, int]:
    """Hand everything after the checkpoint to the reader; return where the topics end."""
    found = {}
    for topic in TRACKED:
        starts = checkpoint.offsets.get(topic.name, ())
        for number in range(broker.partitions(topic.name)):
            partition = Partition(topic.name, number)
            start = starts[number] if number < len(starts) else 0
            found[partition] = read_all(broker, partition, reader.take, start)
            if found[partition] < start:
                raise UnsafeToContinueError(
                    f"{topic.name}[{number}] ends at {found[partition]:,}, but "
                    f"{checkpoint.source} was published up to {start:,}: the topic was made anew. "
                    f"Delete {CHECKPOINTS.name} as well, or choose another kafka.namespace."
                )
    return found


def reference(block: Block | Retraction | RawBlock) -> BlockRef:
    """Name a block."""
    return BlockRef(
        number=block.number, hash=block.hash, parent=block.parent, timestamp=block.timestamp
    )


class _Reader:
    """Sorts what it is handed by step."""

    def __init__(self, checkpoint: IngestCheckpoint, terms: Terms) -> None:
        self._terms = terms
        self._checkpoint = checkpoint
        self._markers: dict[int, Block | Retraction] = {}
        self._marked: dict[int, set[Partition]] = {}
        self._there: dict[int, set[Sent]] = {}

    def take(self, message: Message) -> None:
        """Take note of a record if it belongs to a step of this chain after the checkpoint."""
        if headers.find(message.headers, headers.STEP) is None or self._terms.void(message):
            return
        step = headers.number(message.headers, headers.STEP)
        if step <= self._checkpoint.step:
            return
        try:
            record = decode_from(TOPICS[message.topic], message.value or b"")
        except PoisonRecordError:
            return  # not one of ours; whoever consumes the topic will say so
        if getattr(record, "chain", "") != self._checkpoint.chain:
            return
        if isinstance(record, Block | Retraction):
            self._markers[step] = record
            self._marked.setdefault(step, set()).add(message.origin)
        else:
            key = (message.key or b"").decode()
            name = (headers.find(message.headers, headers.RECORD_ID) or b"").decode()
            self._there.setdefault(step, set()).add((message.topic, key, name))

    def steps(self) -> dict[int, Step]:
        """Return what was found, in order."""
        return {
            step: Step(self._markers[step], self._marked[step], self._there.get(step, set()))
            for step in sorted(self._markers)
        }


def _replay(chain: HashChain, checkpoint: IngestCheckpoint, steps: dict[int, Step]) -> None:
    first = checkpoint.step + 1
    if list(steps) != list(range(first, first + len(steps))):
        raise UnsafeToContinueError(
            f"after step {checkpoint.step} of {checkpoint.source} the topics have only the steps "
            f"{', '.join(map(str, steps))}: markers in between were lost"
        )
    for step in steps.values():
        change = chain.append if isinstance(step.marker, Block) else chain.retract
        change(reference(step.marker))
