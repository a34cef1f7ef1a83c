"""Bringing the log to where its newest seal is, from the topics: after its database was lost.

Seals say which records became leaves, in which order, and with which hashes. A record that its
topic has let go since leaves a leaf of which only the hash is known; the root is the same.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from forensics.record.checkpoint import opened
from forensics.record.errors import UntrustedError
from forensics.record.leaf import GONE, Leaf, leaf_of
from forensics.record.log_reader import Sealed
from forensics.record.log_writer import LogWriter
from forensics.record.merkle import HASH_BYTES
from forensics.record.note import Key
from forensics.record.tiles import root as root_of
from forensics.record.told_seals import PLACE, seal_in
from runtime.broker import Broker, Consumer, Message, Partition, between, read_all
from schemas.errors import UnsafeToContinueError
from schemas.seals import Seal
from schemas.topics import SEALS

_AT_ONCE = 500


class Caught(NamedTuple):
    """What it took: seals written down, leaves made again, and those that are hashes only."""

    seals: int
    leaves: int
    gone: int


class _Shelf:
    """One partition's records, asked for by rising offsets."""

    def __init__(self, broker: Broker, partition: Partition) -> None:
        self._broker = broker
        self._partition = partition
        self._low, self._high = broker.bounds(partition)
        self._consumer: Consumer | None = None
        self._read: deque[Message] = deque()

    def take(self, offset: int) -> Message | None:
        """Return the record at this offset; None when the topic has it no more."""
        if not self._low <= offset < self._high:
            return None
        if self._consumer is None:
            self._consumer = self._broker.consumer()
            self._consumer.assign({self._partition: offset})
        while self._read or self._consumer.position(self._partition) < self._high:
            if not self._read:
                self._read += self._consumer.fetch(_AT_ONCE, 1.0)
            while self._read and self._read[0].offset < offset:
                self._read.popleft()
            if self._read:
                return self._read.popleft() if self._read[0].offset == offset else None
        return None

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()


class Rebuilding:
    """Applies seals to a log, one by one."""

    def __init__(self, log: LogWriter, broker: Broker, key: Key) -> None:
        """`key` is the log's own: other logs' seals are passed over."""
        self._log = log
        self._broker = broker
        self._key = key
        self._shelves: dict[Partition, _Shelf] = {}
        self._seals = self._leaves = self._gone = 0
        self._told = 0
        """Leaves of the largest seal on the topic."""

    def run(self) -> Caught:
        """Apply what the topic has beyond the log's newest seal.

        Raises `UnsafeToContinueError` naming the first leaf or seal in which topic and log differ:
        going on from there would fork the log.
        """
        newest = self._log.reader.newest_seal()
        if newest is not None and self._is_last(newest):
            return Caught(0, 0, 0)
        try:
            read_all(self._broker, PLACE, self._take)
        finally:
            for shelf in self._shelves.values():
                shelf.close()
        if newest is not None and self._told < newest.size:
            raise UnsafeToContinueError(
                f"{SEALS.name} has seals of up to {self._told} leaves, this log of {newest.size}: "
                "the topic was made anew. Without it the log could not be rebuilt; begin another, "
                "with an origin and a database of its own"
            )
        return Caught(self._seals, self._leaves, self._gone)

    def _is_last(self, newest: Sealed) -> bool:
        """Say whether the topic's last seal of this log is this one."""
        low, high = self._broker.bounds(PLACE)
        last: Seal | None = None
        for message in between(self._broker, PLACE, max(low, high - _AT_ONCE), high):
            last = seal_in(message, self._key.name) or last
        return last is not None and last.note == _first_signature(newest.note)

    def _take(self, message: Message) -> None:
        seal = seal_in(message, self._key.name)
        if seal is not None:
            self._apply(seal)

    def _apply(self, seal: Seal) -> None:
        try:
            checkpoint, _ = opened(seal.note.encode(), self._key)
        except UntrustedError as error:
            raise UnsafeToContinueError(
                f"a seal of {seal.origin} on {SEALS.name} is not this log's ({error}): somebody "
                "else writes there, or the log has another key"
            ) from error
        hashes = _cut(seal.hashes)
        log, size = self._log, checkpoint.size
        if size != seal.start + len(hashes) or sum(run.count for run in seal.runs) != len(hashes):
            raise UnsafeToContinueError(f"the seal of {size} leaves contradicts itself")
        self._told = max(self._told, size)
        newest = log.reader.newest_seal()
        sealed = newest.size if newest else 0
        if size <= sealed:
            if root_of(size, log.reader.tile) != checkpoint.root:
                raise UnsafeToContinueError(
                    f"fork: the topic has a seal of {size} leaves with another root than this log"
                )
            return
        if seal.start != sealed:
            raise UnsafeToContinueError(
                f"{SEALS.name} has a seal of leaves {seal.start} to {size}, the log is sealed up "
                f"to {sealed}: a seal is missing"
            )
        if log.frontier.size > sealed and not self._has(sealed, hashes):
            log.drop_unsealed()
        if log.frontier.size == sealed:
            leaves = self._leaves_of(seal, hashes)
            while part := list(islice(leaves, _AT_ONCE)):
                log.append(part)
        if root_of(size, log.reader.tile) != checkpoint.root:
            raise UnsafeToContinueError(
                f"leaves {seal.start} to {size} do not give the sealed root: the seal's hashes, or "
                "what is kept before them, is not what it was"
            )
        log.seal(Sealed(size, checkpoint.root, seal.note, seal.brake))
        self._seals += 1

    def _has(self, start: int, hashes: list[bytes]) -> bool:
        """Say whether the leaves from `start` on are these: written before, and not sealed here."""
        kept = [leaf.hash for leaf in self._log.reader.leaves(start, start + len(hashes))]
        return kept == hashes

    def _leaves_of(self, seal: Seal, hashes: list[bytes]) -> Iterator[Leaf]:
        place = 0
        for run in seal.runs:
            partition = Partition(run.topic, run.partition)
            if partition not in self._shelves:
                self._shelves[partition] = _Shelf(self._broker, partition)
            for offset in range(run.offset, run.offset + run.count):
                message = self._shelves[partition].take(offset)
                yield self._leaf(message, (*partition, offset), hashes[place], seal.start + place)
                place += 1

    def _leaf(
        self, message: Message | None, origin: tuple[str, int, int], sealed: bytes, place: int
    ) -> Leaf:
        self._leaves += 1
        if message is None:
            self._gone += 1
            return Leaf(*origin, GONE, sealed, None)
        leaf = leaf_of(message)
        if leaf.hash != sealed:
            topic, number, offset = origin
            raise UnsafeToContinueError(
                f"leaf {place}: the record at {topic}[{number}] offset {offset} is not the one "
                f"that was sealed: its leaf hashes to {leaf.hash.hex()}, sealed is {sealed.hex()}"
            )
        return leaf


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def _first_signature(note: str) -> str:
    """Return a note as its log signed it, without what witnesses added behind."""
    text, gap, lines = note.rpartition("\n\n")
    return text + gap + lines.split("\n", 1)[0] + "\n"
