"""What a shape of file is: how its content is told from others, and how it is read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ingest.files.cases import case_key, stem
from ingest.files.items import Code, Unreadable
from ingest.raw import RawBlock
from schemas.chain import Price

Joins = Literal["file", "stem", "folder"]
"""What is joined into one case: each file by itself; files whose names differ only in `.raw` and
`.tx.raw`; all of a folder."""

Whole = Literal["logs", "transfers"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where content comes from, and so everything about it that its rows do not repeat."""

    file: str
    """Relative to what was read, members of archives included."""
    root: str
    """What the path that is read is called."""
    folders: tuple[str, ...]
    """The folders between that path and the file."""
    name: str
    chain: str
    first: Mapping[str, Any] | None = None
    """The first row of a file of rows."""

    @property
    def stem(self) -> str:
        """The file's name without what says how it is written."""
        return stem(self.name)

    def case(self, joins: Joins) -> str:
        """Return the name of the case that the content belongs to."""
        if joins == "folder":
            return case_key(self.folders or (self.root,))
        name = self.stem
        if joins == "stem":
            name = name.removesuffix(".raw").removesuffix(".tx")
        return case_key((*self.folders, name))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that is left out on purpose."""

    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know about how a file was read."""

    text: str


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One frame of a call tree, as a Parity row; the tree is put together from all of them."""

    block: RawBlock
    """The frame's block, with the frame's transaction as its only one."""
    row: Mapping[str, Any]


Piece = RawBlock | TraceRow | Price | Code | Unreadable | Skipped | Note
"""What one record tells. A `RawBlock` holds as much as that record knows; `assembly` joins them,
taking a `number` of an index below 0 and an empty hash for "not told"."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape of content. `read` yields what a value tells; `PoisonRecordError` from it condemns
    the value as a whole."""

    name: str
    fits: Callable[[Any], bool]
    read: Callable[[Any, Place], Iterator[Piece]]
    joins: Joins = "file"
    answers: Joins | None = None
    """How it is joined as a recorded JSON-RPC answer, where that differs."""
    whole: Whole | None = None
    """What such a file tells for every transaction of its blocks, so that none means none."""


def has(*fields: str) -> Callable[[Any], bool]:
    """Return a test for an object or row that has all these fields."""
    wanted = frozenset(fields)
    return lambda value: isinstance(value, Mapping) and wanted <= value.keys()
