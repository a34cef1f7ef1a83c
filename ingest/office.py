"""Taking over a chain's publication: from where, and so that no predecessor can interfere.

1. Write the newest checkpoint once more. The place where it comes to lie gives the term its number,
   so that a later one is higher.
2. Repeat the marker of the checkpoint's step in every partition, under the new term: from there on
   records of earlier terms are void (`runtime.fencing`). All partitions have that step already, so
   no marker comes before its time. (Of a chain with no step yet there is none to repeat.)
3. Find out how far the chain is published. What a predecessor wrote since its last checkpoint, up
   to the repeated marker, is known now; what it writes later nobody reads.
"""

from dataclasses import dataclass

from ingest.checkpoints import Checkpoints
from ingest.outbox import Outbox
from ingest.posts import MARKED
from ingest.resume import Resumed, resume, start
from runtime.broker import Broker, Message, Partition, read_all
from runtime.fencing import Terms, term_header
from runtime.partitioner import partition_of
from schemas import headers
from schemas.errors import UnsafeToContinueError
from schemas.operations import IngestCheckpoint
from schemas.topics import BLOCKS, CHECKPOINTS

_FIRST_LOOK = 64
"""Records before a checkpoint among which its marker is found; more if it is not."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known of a chain before anything is published."""

    name: str
    """The chain, as CAIP-2 has it."""
    finality: int
    first: int | None
    """The block that comes first where nothing is published; None: whichever comes."""


def take_office(
    broker: Broker, checkpoints: Checkpoints, outbox: Outbox, chain: Beginning
) -> Resumed:
    """Begin a new term, and return how far the chain is published.

    From then on `checkpoints` and `outbox` write in the new term. Raises `UnsafeToContinueError`
    as `resume` does.
    """
    source = f"evm:{chain.name}"
    newest, before = checkpoints.newest_with_term(source)
    checkpoints.term = term_header(chain.name, before)
    checkpoints.save(newest or start(broker, chain.name))
    written = outbox.flush().get(Partition(CHECKPOINTS.name, _partition_of(outbox, source)))
    if written is None:
        raise UnsafeToContinueError(f"the checkpoint of {source} is not where it should be")
    term = term_header(chain.name, written)
    outbox.term = term
    if newest is not None and newest.step:
        marker = _marker(broker, newest, before)
        if marker is not None:
            _repeat(outbox, marker)
    resumed = resume(broker, checkpoints, chain.name, chain.finality, chain.first)
    checkpoints.term = term
    return resumed


def _partition_of(outbox: Outbox, source: str) -> int:
    return partition_of(source.encode(), outbox.partitions[CHECKPOINTS.name])


def _marker(broker: Broker, checkpoint: IngestCheckpoint, term: int) -> Message | None:
    """Return the marker of a checkpoint's step, None if retention has removed it since: then no
    predecessor can be so late."""
    chain = checkpoint.chain.encode()
    number = partition_of(chain, broker.partitions(BLOCKS.name))
    where = Partition(BLOCKS.name, number)
    low, _ = broker.bounds(where)
    end = checkpoint.offsets[BLOCKS.name][number]
    look = _FIRST_LOOK
    while True:
        found: list[Message] = []
        read_all(broker, where, found.append, start=end - look)
        terms = Terms(checkpoint.chain, term if end - look > low else 0)
        for message in found:
            ours = message.key == chain and message.offset < end and not terms.void(message)
            if ours and headers.number(message.headers, headers.STEP) == checkpoint.step:
                return message
        if end - look <= low:
            return None
        look *= 16


def _repeat(outbox: Outbox, marker: Message) -> None:
    """Write a marker to every partition, and wait until all have it."""
    kept = (headers.RECORD_ID, headers.STEP)
    beside = tuple((name, value or b"") for name, value in marker.headers if name in kept)
    for topic in MARKED:
        for number in range(outbox.partitions[topic.name]):
            outbox.put(
                Partition(topic.name, number),
                (marker.key or b"").decode(),
                marker.value or b"",
                (*beside, *outbox.term),
            )
    outbox.flush()
