"""Reads files and folders of recorded chain data, whatever shape they have."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from ingest.files.assembly import MAX_RECORDS, Assembly
from ingest.files.cases import chain_of
from ingest.files.items import Body, Item, Unreadable
from ingest.files.pieces import Told, pieces
from ingest.files.shape import Joins, Note, Place, Skipped, TraceRow
from ingest.files.tally import Tally
from ingest.files.unread import unread
from ingest.files.walk import Folder, folders
from ingest.raw import RawBlock
from schemas.chain import Price
from schemas.errors import PoisonRecordError


def read(path: Path, *, chain: str | None = None, tally: Tally | None = None) -> Iterator[Item]:
    """Yield everything that the files under a path tell.

    Within a case, blocks come in ascending order and transactions by index; bars come by time.
    What cannot be read is yielded as `Unreadable`; nothing that stands in a file raises. `chain`
    overrides what the path says. Equal files give equal items in the same order. Raises
    `ConfigurationError` when there is nothing at the path.
    """
    counts = Tally() if tally is None else tally
    for folder in folders(path):
        yield from _FolderReader(folder, chain, counts).items()


def extent(path: Path) -> tuple[int, int]:
    """Return how many files there are under a path, and how many bytes they have on disk: what a
    tally's `advance` adds up to. Raises as `read` does."""
    sizes = [entry.size for folder in folders(path) for entry in folder.entries]
    return len(sizes), sum(sizes)


class _FolderReader:
    """Reads one folder; cases that join several files are handed out once all of them are read."""

    def __init__(self, folder: Folder, chain: str | None, tally: Tally) -> None:
        self._folder = folder
        self._chain = chain
        self._tally = tally
        self._assemblies: dict[tuple[Joins, str], Assembly] = {}
        self._bars: list[Item] = []

    def items(self) -> Iterator[Item]:
        for entry in self._folder.entries:
            place = Place(
                file=entry.file,
                root=self._folder.root,
                folders=self._folder.parts,
                name=entry.name,
                chain=self._chain or chain_of((*self._folder.above, entry.name)),
            )
            for told in pieces(entry, place, self._tally.advance):
                yield from self._take(told, place)
            yield from self._series()
            yield from self._finish("file", place.case("file"))
        for joins, case in tuple(self._assemblies):
            yield from self._finish(joins, case)

    def _take(self, told: Told, place: Place) -> Iterator[Item]:
        counts, piece = self._tally.of(place.file), told.piece
        if isinstance(piece, Note):
            counts.notes.add(piece.text)
            return
        counts.read += 1
        if isinstance(piece, Skipped):
            counts.skipped[piece.reason] += 1
            return
        case = place.case(told.joins)
        if isinstance(piece, RawBlock | TraceRow):
            assembly = self._assemblies.setdefault((told.joins, case), Assembly())
            try:
                assembly.add(piece, place.file, told.whole)
            except PoisonRecordError as error:
                piece = unread("", error, asdict(piece))
            else:
                counts.published += 1
                return
        if isinstance(piece, Unreadable):
            counts.unreadable += 1
        else:
            counts.published += 1
        if isinstance(piece, Price):
            self._bars.append(Item(case, place.file, piece))
            if len(self._bars) < MAX_RECORDS:
                return
            yield from self._series()
        else:
            yield self._item(case, place.file, piece)

    def _series(self) -> Iterator[Item]:
        """Hand out the bars of a file in the order of time, whichever end it begins with."""
        bars, self._bars = self._bars, []
        for bar in sorted(bars, key=_timestamp):
            self._tally.count(bar.body)
            yield bar

    def _finish(self, joins: Joins, case: str) -> Iterator[Item]:
        assembly = self._assemblies.pop((joins, case), None)
        for assembled in assembly.finish() if assembly else ():
            for file in assembled.records:
                counts = self._tally.of(file)
                counts.published -= 1
                counts.unreadable += 1
            yield self._item(case, assembled.file, assembled.body)

    def _item(self, case: str, file: str, body: Body) -> Item:
        self._tally.count(body)
        return Item(case, file, body)


def _timestamp(bar: Item) -> int:
    return bar.body.timestamp if isinstance(bar.body, Price) else 0
