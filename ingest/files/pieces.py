"""From one file to what its records tell, each for the case it belongs to."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from ingest.files.bytecode import ANSWER
from ingest.files.content import Content, contents
from ingest.files.items import Unreadable
from ingest.files.labels import are_labels
from ingest.files.recognise import elements, recognise
from ingest.files.shape import Joins, Piece, Place, Shape, Skipped, Whole
from ingest.files.unread import unread
from ingest.files.walk import Entry
from schemas.errors import PoisonRecordError

LABELS = "labels, not read"
NO_SHAPE = "no chain data of a known shape"
EMPTY = "empty"
PROSE = "documentation"
HIDDEN = "hidden"

_PROSE = (".md", ".rst")


@dataclass(frozen=True, slots=True)
class Told:
    """A piece, and how it is joined."""

    piece: Piece
    joins: Joins = "file"
    whole: Whole | None = None


def pieces(entry: Entry, place: Place, advance: Callable[[int], None]) -> Iterator[Told]:
    """Yield what a file tells, in its order. Labels, and rows under names of no known shape, are
    skipped as a whole; other values of no known shape are skipped before the first one that has a
    shape, and unreadable after it."""
    skipped = _skipped_by_name(entry.name)
    if skipped is not None:
        advance(entry.size)
        yield Told(Skipped(skipped))
        return
    reader, empty = _Reader(place), True
    with closing(contents(entry, advance)) as found:
        for content in found:
            empty = empty and content.header
            yield from reader.read(content)
            if reader.skips_rest:
                return
    if empty:
        yield Told(Skipped(EMPTY))


def _skipped_by_name(name: str) -> str | None:
    if name.startswith("."):
        return HIDDEN
    return PROSE if name.lower().endswith(_PROSE) else None


class _Reader:
    """Reads the values of one file, which mostly have one shape."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._shape: Shape | None = None
        self.skips_rest = False

    def read(self, content: Content) -> Iterator[Told]:
        if content.error is not None:
            yield Told(unread(content.where, content.error, content.raw))
            return
        if content.header:
            if recognise(content.value) is None:
                self.skips_rest = True
                yield _unknown(content.value)
            return
        for where, value, answered in elements(content.value):
            yield from self._element(content, where, value, answered=answered)
            if self.skips_rest:
                return

    def _element(
        self, content: Content, where: str, value: Any, *, answered: bool
    ) -> Iterator[Told]:
        place, shape = self._place, self._shape
        if shape is None or not shape.fits(value):
            shape = recognise(value)
        if shape is None and answered and ANSWER.fits(value):
            shape = ANSWER
        where = " ".join(filter(None, (content.where, where)))
        raw = content.raw if value is content.value and content.raw else value
        if shape is not None:
            if self._shape is None and isinstance(value, dict):
                self._place = place = replace(place, first=value)
            self._shape = shape
            yield from _told(shape, value, place, where, raw, answered=answered)
        elif value in (None, [], {}):
            yield Told(Skipped(EMPTY))
        elif self._shape is None:
            skipped = _unknown(value)
            self.skips_rest = skipped.piece == Skipped(LABELS)
            yield skipped
        else:
            yield Told(unread(where, "of no known shape, unlike what stands before it", raw))


def _unknown(value: Any) -> Told:
    return Told(Skipped(LABELS if are_labels(value) else NO_SHAPE))


def _told(
    shape: Shape, value: Any, place: Place, where: str, raw: Any, *, answered: bool
) -> Iterator[Told]:
    joins = shape.answers if answered and shape.answers else shape.joins
    try:
        for piece in shape.read(value, place):
            if isinstance(piece, Unreadable):
                named = " ".join(filter(None, (where, piece.where)))
                yield Told(replace(piece, where=named), joins)
            else:
                yield Told(piece, joins, shape.whole)
    except PoisonRecordError as error:
        yield Told(unread(where, f"{shape.name}: {error}", raw), joins)
