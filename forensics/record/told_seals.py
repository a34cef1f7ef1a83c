"""Seals as their topic has them: what the log told everyone, whatever became of its database.

A seal goes to the topic before it is written down here. So a log that has fewer leaves than the
topic's seals, or others, is not what it was.
"""

from collections.abc import Callable, Iterator

from forensics.record import tiles
from forensics.record.checkpoint import opened
from forensics.record.errors import UntrustedError
from forensics.record.log_reader import LogReader
from forensics.record.note import Key
from forensics.record.verified_tree import Outside
from runtime.broker import Kept, Message, Partition, between
from schemas.codec import decode
from schemas.errors import PoisonRecordError, UnsafeToContinueError
from schemas.seals import Seal
from schemas.topics import SEALS

PLACE = Partition(SEALS.name, 0)
"""Where they are."""


class ToldSeals:
    """The seals of one log that a topic has now, on a broker or in an archive."""

    def __init__(self, kept: Kept, key: Key) -> None:
        """`key` is the log's. Raises as `kept` does. To be made before the log is looked at."""
        self._kept = kept
        self._key = key
        self._from, self._to = kept.bounds(PLACE)
        self.largest = 0
        """Leaves of the largest seal that was read."""
        self.strange = 0
        """Records under the log's name that its key did not sign."""

    def rising(self, log: LogReader, find: Callable[[str], None]) -> Iterator[Outside]:
        """Give what they say by rising sizes; hold against the log what was told once more, or
        later than a larger one, and tell `find` of what does not fit."""
        for told in self._read():
            if told.size > self.largest:
                self.largest = told.size
                yield told
            elif told.size <= log.size() and not _fits(told, log):
                find(f"the first {told.size} leaves do not give the root of {told.where}")

    def _read(self) -> Iterator[Outside]:
        for message in between(self._kept, PLACE, self._from, self._to):
            seal = seal_in(message, self._key.name)
            if seal is None:
                continue
            try:
                checkpoint, _ = opened(seal.note.encode(), self._key)
            except UntrustedError:
                self.strange += 1
            else:
                where = f"the seal at {SEALS.name} offset {message.offset}"
                yield Outside(checkpoint.size, checkpoint.root, where)


def seal_in(message: Message, origin: str) -> Seal | None:
    """Return the seal that a record says is of this log; None for another's, and for what is none,
    whoever wrote it."""
    try:
        seal = decode(message.value or b"", Seal)
    except PoisonRecordError:
        return None
    return seal if seal.origin == origin else None


def _fits(told: Outside, log: LogReader) -> bool:
    try:
        return tiles.root(told.size, log.tile) == told.root
    except UnsafeToContinueError:
        return False
