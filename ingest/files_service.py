"""Publishes recorded files: whatever shape they have, each record once, every piece accounted for.

A recorded block is final when it is read. It joins no live chain, so it gets no marker, and nothing
will ever retract it.
"""

from collections import Counter
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ingest.checkpoints import Checkpoints
from ingest.files import Body, Code, Item, Tally, Unreadable, read
from ingest.lens import Lenses
from ingest.outbox import Origin, Outbox, Outgoing, require_topics
from ingest.posts import PlainPost, Sent
from ingest.publish import publish_block, publish_price
from ingest.raw import RawBlock
from ingest.recordings import Recordings
from runtime.broker import Broker, Message
from runtime.clock import Clock
from runtime.metrics import Metrics
from schemas.chain import Price, Transaction
from schemas.topics import TopicSpec

NO_BIRTH = "bytecode by itself: no block, creator or factory"
NO_TRANSACTIONS = "block without transactions"


@dataclass(slots=True)
class FileCount:
    """What became of one file's transactions, prices and other pieces. `read` is counted when a
    piece arrives, the others when it is known what became of it."""

    read: int = 0
    published: int = 0
    there: int = 0
    """Published before, by an earlier run or from a file of the same content."""
    skipped: Counter[str] = field(default_factory=Counter)
    """By reason."""
    unreadable: int = 0
    """Kept among the dead letters, with every byte."""

    def __iadd__(self, other: Self) -> Self:
        self.read += other.read
        self.published += other.published
        self.there += other.there
        self.skipped += other.skipped
        self.unreadable += other.unreadable
        return self

    def settle(self, name: str, published: set[str], there: set[str]) -> None:
        """Count a piece by what became of it; of what is in neither, no record could be made."""
        if name in published:
            self.published += 1
        elif name in there:
            self.there += 1
        else:
            self.unreadable += 1

    @property
    def adds_up(self) -> bool:
        """Whether every piece is accounted for."""
        known = self.published + self.there + self.skipped.total() + self.unreadable
        return self.read == known


class _WatchedPost(PlainPost):
    """Notices what became of each piece, by its name."""

    def __init__(self, outbox: Outbox, origin: Origin, there: AbstractSet[Sent]) -> None:
        super().__init__(outbox, origin, there)
        self.published: set[str] = set()
        self.there: set[str] = set()

    def send(self, topic: TopicSpec, key: str, record: Outgoing) -> None:
        """Queue a record unless it is there already."""
        sent = (topic.name, key, record.id) not in self._there
        if isinstance(record, Transaction | Price):
            name = record.tx if isinstance(record, Transaction) else record.id
            (self.published if sent else self.there).add(name)
        super().send(topic, key, record)


class FilesService:
    """Publishes everything under a path, in one run."""

    def __init__(self, broker: Broker, lenses: Lenses, metrics: Metrics, clock: Clock) -> None:
        """Raises `ConfigurationError` when a topic is missing."""
        self._broker = broker
        self._lenses = lenses
        self._clock = clock
        self._producer = broker.producer()
        self._outbox = Outbox(self._producer, require_topics(broker), metrics, clock)
        self.counts: dict[str, FileCount] = {}
        """By the name of each file on disk, relative to the path; an archive counts as one."""

    def run(
        self, path: Path, *, chain: str | None = None, advance: Callable[[int], None] | None = None
    ) -> None:
        """Publish what was not published before. `advance` is told the bytes that were read, of
        `ingest.files.extent`.

        A run that is interrupted is completed by the next one. Raises `ConfigurationError` when
        there is nothing at the path, `UnsafeToContinueError` when Kafka did not take a record.
        """
        recordings = Recordings(self._broker, Checkpoints(self._broker, self._producer), path)
        there = recordings.begin()
        self._outbox.flush()
        tally = Tally() if advance is None else Tally(advance)
        for item in read(path, chain=chain, tally=tally):
            count = self._count(recordings.on_disk(item.file))
            count.read += _pieces(item.body)
            reason = _nothing_to_publish(item.body)
            if reason:
                count.skipped[reason] += 1
            elif recordings.is_done(item.file):
                count.there += _pieces(item.body)
            else:
                self._publish(item, count, there)
        for file, told in tally.files.items():
            count = self._count(recordings.on_disk(file))
            count.read += told.skipped.total()
            count.skipped += told.skipped
        self._outbox.flush()
        recordings.finish({file: count.published for file, count in self.counts.items()})
        self._outbox.flush()

    def _count(self, name: str) -> FileCount:
        return self.counts.setdefault(name, FileCount())

    def _publish(self, item: Item, count: FileCount, there: AbstractSet[Sent]) -> None:
        post = _WatchedPost(self._outbox, Origin(self._clock.now_ns()), there)
        body = item.body
        if isinstance(body, RawBlock):
            publish_block(body, self._lenses.recorded(body.chain, item.case), post)
            for transaction in body.transactions:
                count.settle(transaction.hash, post.published, post.there)
        elif isinstance(body, Price):
            publish_price(body, self._lenses.markets, post)
            count.settle(body.id, post.published, post.there)
        elif isinstance(body, Unreadable):
            where = Message(item.case, 0, 0, f"{item.file} {body.where}".encode(), body.raw, ())
            post.reject(where, body.reason)
            count.unreadable += 1


def _pieces(body: Body) -> int:
    """Return how many pieces of its file an item accounts for."""
    return max(1, len(body.transactions)) if isinstance(body, RawBlock) else 1


def _nothing_to_publish(body: Body) -> str:
    """Say why no record can be made of this; empty when one can."""
    if isinstance(body, Code):
        return NO_BIRTH
    if isinstance(body, RawBlock) and not body.transactions:
        return NO_TRANSACTIONS
    return ""
