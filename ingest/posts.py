"""Two ways to post records: as they come, or as one step of a chain's publication.

A step's marker has to be in every partition of the marked topics, ahead of the records of its block
there. A partition that gets a record is marked just before; all others are marked at the end: each
takes a request of its own, and what a score waits for must not queue behind thirty of them. Topics
without markers come last, once the markers are acknowledged: a record whose marker got nowhere
could not be told from one that was never sent.
"""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Protocol

from ingest.outbox import SERVICE, Origin, Outbox, Outgoing
from runtime.broker import Message, Partition
from runtime.intake import dead_letter
from schemas.chain import Block, Retraction
from schemas.codec import encode
from schemas.topics import BLOCKS, DEAD_LETTERS, TOPICS, TopicSpec

MARKED = (BLOCKS, *(spec for spec in TOPICS.values() if spec.marked))
"""The topics whose every partition tells which blocks joined and left the chain."""

Sent = tuple[str, str, str]
"""A record that was sent: topic, key, record id."""


class Post(Protocol):
    """Takes records."""

    def send(self, topic: TopicSpec, key: str, record: Outgoing) -> None:
        """Queue a record unless it is there already."""
        ...

    def reject(self, content: Message, reason: str) -> None:
        """Keep what no record can be made of among the dead letters. The message says where it was
        found: a source, a height or line, its name, and all its bytes."""
        ...


class PlainPost:
    """Posts records that belong to no step, and skips those that are `there`."""

    def __init__(
        self, outbox: Outbox, origin: Origin, there: AbstractSet[Sent] = frozenset()
    ) -> None:
        self._outbox = outbox
        self._origin = origin
        self._there = there

    def send(self, topic: TopicSpec, key: str, record: Outgoing) -> None:
        """Queue a record unless it is there already."""
        if (topic.name, key, record.id) not in self._there:
            self._outbox.send(topic, key, record, self._origin)

    def reject(self, content: Message, reason: str) -> None:
        """Keep what no record can be made of."""
        letter = dead_letter(SERVICE, content, reason, "content")
        if (DEAD_LETTERS.name, letter.topic, letter.id) not in self._there:
            self._outbox.reject(letter, self._origin)


class StepPost:
    """Posts the marker and the records of one step; `finish`, a flush and `finish_unmarked` have to
    follow, and if that posted anything another flush."""

    def __init__(
        self,
        outbox: Outbox,
        marker: Block | Retraction,
        origin: Origin,
        *,
        marked: Collection[Partition] = (),
        there: AbstractSet[Sent] = frozenset(),
    ) -> None:
        """Go on from a crash: `marked` have the marker, the records `there` were sent."""
        self._outbox = outbox
        self._records = PlainPost(outbox, origin, there)
        self._key = marker.chain
        self._value = encode(marker)
        self._beside = outbox.beside(marker, origin)
        self._marked = set(marked)
        self._later: list[tuple[TopicSpec, str, Outgoing]] = []

    def send(self, topic: TopicSpec, key: str, record: Outgoing) -> None:
        """Queue a record unless it is there already, behind the marker."""
        if topic.marked:
            self._mark(self._outbox.partition(topic, key))
            self._records.send(topic, key, record)
        else:
            self._later.append((topic, key, record))

    def reject(self, content: Message, reason: str) -> None:
        """Keep what no record can be made of."""
        self._records.reject(content, reason)

    def finish(self) -> None:
        """Queue the marker for every partition that does not have it."""
        for topic in MARKED:
            for number in range(self._outbox.partitions[topic.name]):
                self._mark(Partition(topic.name, number))

    def finish_unmarked(self) -> bool:
        """Queue the records for topics without markers; say whether there were any."""
        for topic, key, record in self._later:
            self._records.send(topic, key, record)
        return bool(self._later)

    def _mark(self, where: Partition) -> None:
        if where not in self._marked:
            self._marked.add(where)
            self._outbox.put(where, self._key, self._value, self._beside)
