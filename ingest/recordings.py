"""Which recorded files were published already, told by their content, not by their names."""

import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ingest.checkpoints import Checkpoints, as_table, ends, saved_at
from ingest.posts import Sent
from runtime.broker import Broker, Message, Partition, read_all
from schemas import headers
from schemas.operations import IngestCheckpoint
from schemas.topics import DEAD_LETTERS, DEPLOYMENTS, EVENTS, PRICES, TRANSACTIONS

WRITTEN = (TRANSACTIONS, EVENTS, DEPLOYMENTS, PRICES, DEAD_LETTERS)
"""The topics that records of files go to."""

_PREFIX = "file:"
_CHAIN = "file:0"
"""Stands in a checkpoint for the chain; a file may hold blocks of several."""


def digests(path: Path) -> dict[str, str]:
    """Return the SHA-256 of every file under a path, by its name relative to the path (an only
    file's own name). Files that cannot be read are left out."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    root = path.parent if path.is_file() else path
    found = {}
    for file in files:
        try:
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError:
            continue
        found[file.relative_to(root).as_posix()] = digest
    return found


class Recordings:
    """The state of one run over files: what is done, what a run before this one left half done."""

    def __init__(self, broker: Broker, checkpoints: Checkpoints, path: Path) -> None:
        """Look at every file under the path. `begin` has to be called before anything is sent."""
        self._broker = broker
        self._checkpoints = checkpoints
        self._digests = digests(path)
        self._known = checkpoints.all(_PREFIX)
        self._first: dict[str, str] = {}
        for name, digest in self._digests.items():
            self._first.setdefault(digest, name)

    def begin(self) -> frozenset[Sent]:
        """Queue a checkpoint for each file that has none; return the records that runs which were
        interrupted have sent. Flush before sending anything."""
        known = [self._known[source] for source in self._sources() if source in self._known]
        interrupted = [checkpoint for checkpoint in known if not checkpoint.done]
        there = _sent_since(self._broker, interrupted) if interrupted else frozenset()
        offsets = as_table(ends(self._broker, WRITTEN))
        for source in self._sources():
            if source not in self._known:
                self._save(source, offsets, records=0, done=False)
        return there

    def is_done(self, file: str) -> bool:
        """Say whether everything of a file, by the name its items carry, was published before: by
        an earlier run, or because a file of the same content comes first."""
        name = self.on_disk(file)
        digest = self._digests.get(name)
        if digest is None:
            return False
        before = self._known.get(_PREFIX + digest)
        return self._first[digest] != name or (before is not None and before.done)

    def finish(self, records: dict[str, int]) -> None:
        """Queue the word that every file is done; `records` says how many pieces of each, by its
        name on disk, were published. Only after a flush, and flush again."""
        counts: dict[str, int] = {}
        for name, count in records.items():
            if name in self._digests:
                source = _PREFIX + self._digests[name]
                counts[source] = counts.get(source, 0) + count
        offsets = as_table(ends(self._broker, WRITTEN))
        for source in self._sources():
            before = self._known.get(source)
            if before is None or not before.done:
                self._save(source, offsets, records=counts.get(source, 0), done=True)

    def _sources(self) -> Iterable[str]:
        return (_PREFIX + digest for digest in self._first)

    def on_disk(self, file: str) -> str:
        """Return the file that an item's file is, or lies in as a member of an archive."""
        place = PurePosixPath(file)
        names = (candidate.as_posix() for candidate in (place, *place.parents))
        return next((name for name in names if name in self._digests), file)

    def _save(
        self, source: str, offsets: dict[str, tuple[int, ...]], *, records: int, done: bool
    ) -> None:
        self._checkpoints.save(
            IngestCheckpoint(
                id=saved_at(source, int(done), source),
                chain=_CHAIN,
                source=source,
                blocks=(),
                offsets=offsets,
                done=done,
                records=records,
            )
        )


def _sent_since(broker: Broker, interrupted: list[IngestCheckpoint]) -> frozenset[Sent]:
    """Read what was written since the first of these runs began, live chains' records left out."""
    there: set[Sent] = set()

    def take(message: Message) -> None:
        name = headers.find(message.headers, headers.RECORD_ID)
        if name is not None and headers.find(message.headers, headers.STEP) is None:
            there.add((message.topic, (message.key or b"").decode(), name.decode()))

    for topic in WRITTEN:
        for number in range(broker.partitions(topic.name)):
            starts = [checkpoint.offsets[topic.name][number] for checkpoint in interrupted]
            read_all(broker, Partition(topic.name, number), take, min(starts))
    return frozenset(there)
