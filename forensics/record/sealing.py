"""Signing what the log has: seals.

A seal goes to its topic first, with the order of its leaves, and is only then written down here and
shown to anybody. So every checkpoint that someone else can have seen can be made again from the
topics, whatever becomes of the database.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from forensics.record import tiles
from forensics.record.checkpoint import Checkpoint
from forensics.record.leaf import Leaf, record_in
from forensics.record.log_reader import Kept, Sealed
from forensics.record.log_writer import LogWriter
from forensics.record.note import NoteSigner
from runtime.broker import Producer
from runtime.metrics import Metrics
from schemas.actions import Action
from schemas.base import Record
from schemas.codec import encode
from schemas.headers import RECORD_ID
from schemas.ids import content_id
from schemas.seals import MOST_LEAVES, Run, Seal
from schemas.topics import SEALS

BRAKE_STEPS = frozenset({"authorised", "broadcast", "included"})
"""A brake's intent, and the facts: each is sealed at once. What of it is anchored at once:
`forensics.record.pulled`."""


class Waiting(NamedTuple):
    """A leaf that no checkpoint covers yet."""

    topic: str
    partition: int
    offset: int
    hash: bytes
    brake: bool


class Sealing:
    """Seals one log's leaves, in their order."""

    def __init__(
        self, log: LogWriter, signer: NoteSigner, producer: Producer, metrics: Metrics
    ) -> None:
        self._log = log
        self._signer = signer
        self._producer = producer
        self._metrics = metrics
        newest = log.reader.newest_seal()
        self._sealed = newest.size if newest else 0
        kept = log.reader.leaves(self._sealed, log.frontier.size)
        self._waiting = [_waiting(leaf, _record(leaf, log)) for leaf in kept]
        metrics.audit_sealed.set(self._sealed)

    @property
    def urgent(self) -> bool:
        """Whether a step of a brake waits to be sealed."""
        return any(leaf.brake for leaf in self._waiting)

    def take(self, leaves: Iterable[Leaf]) -> None:
        """Remember leaves that were appended."""
        self._waiting += [_waiting(leaf, leaf.record) for leaf in leaves]

    def seal(self) -> None:
        """Sign a checkpoint over every leaf, and return once topic and log have it.

        Of many leaves several are made, one behind the other. Raises as `Producer.flush` and the
        log do; what was not sealed then is sealed the next time.
        """
        while self._waiting:
            part = self._waiting[:MOST_LEAVES]
            size = self._sealed + len(part)
            checkpoint = Checkpoint(self._signer.key.name, size, self._root(size))
            note = str(checkpoint.signed(self._signer))
            brake = any(leaf.brake for leaf in part)
            seal = Seal(
                id=content_id("seal", checkpoint.origin, size),
                origin=checkpoint.origin,
                start=self._sealed,
                runs=tuple(runs(part)),
                hashes=b"".join(leaf.hash for leaf in part),
                note=note,
                brake=brake,
            )
            self._producer.send(
                SEALS.name,
                encode(seal),
                key=f"{seal.origin}/{size}".encode(),
                headers=((RECORD_ID, seal.id.encode()),),
            )
            self._producer.flush()
            self._log.seal(Sealed(size, checkpoint.root, note, brake))
            self._sealed = size
            del self._waiting[: len(part)]
            self._metrics.audit_sealed.set(size)

    def _root(self, size: int) -> bytes:
        if size == self._log.frontier.size:
            return self._log.frontier.root()
        return tiles.root(size, self._log.reader.tile)


def runs(leaves: Sequence[Waiting]) -> Iterator[Run]:
    """Write the leaves' origins as runs of neighbours."""
    first, count = leaves[0], 0
    for leaf in leaves:
        if leaf[:3] != (first.topic, first.partition, first.offset + count):
            yield Run(
                topic=first.topic, partition=first.partition, offset=first.offset, count=count
            )
            first, count = leaf, 0
        count += 1
    yield Run(topic=first.topic, partition=first.partition, offset=first.offset, count=count)


def _record(leaf: Kept, log: LogWriter) -> Record | None:
    return None if leaf.entry is None else record_in(leaf.entry, log.reader.apart)


def _waiting(leaf: Leaf | Kept, record: Record | None) -> Waiting:
    brake = isinstance(record, Action) and record.state in BRAKE_STEPS
    return Waiting(leaf.topic, leaf.partition, leaf.offset, leaf.hash, brake)
