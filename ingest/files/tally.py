"""Counts of what was read, so that nothing disappears unseen."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.files.items import Body, Code, Unreadable
from ingest.raw import RawBlock


@dataclass(slots=True)
class FileTally:
    """What became of the records of one file: rows, blocks, transactions, as its shape has them.

    Once the file's case is done, `read` is the sum of the other three.
    """

    read: int = 0
    published: int = 0
    """Records that went into an item."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Records that are left out on purpose, by reason."""
    unreadable: int = 0
    notes: set[str] = field(default_factory=set)
    """What a person should know about how the file was read."""


def _ignore(_bytes: int) -> None:
    """Show no progress."""


@dataclass(slots=True)
class Tally:
    """Everything that was read from a path. `advance` is called with the bytes just read on disk;
    `ingest.files.extent` tells how many there are in all."""

    advance: Callable[[int], None] = _ignore
    files: dict[str, FileTally] = field(default_factory=dict)
    items: Counter[str] = field(default_factory=Counter)
    """By kind: blocks, transactions, logs, prices, codes, unreadable."""

    def of(self, file: str) -> FileTally:
        """Return the counts of one file."""
        found = self.files.get(file)
        if found is None:
            found = self.files[file] = FileTally()
        return found

    @property
    def read(self) -> int:
        """Records that were read."""
        return sum(file.read for file in self.files.values())

    @property
    def published(self) -> int:
        """Records that went into an item."""
        return sum(file.published for file in self.files.values())

    @property
    def skipped(self) -> Counter[str]:
        """Records left out on purpose, by reason."""
        return sum((file.skipped for file in self.files.values()), Counter())

    @property
    def unreadable(self) -> int:
        """Records that could not be read."""
        return sum(file.unreadable for file in self.files.values())

    def count(self, body: Body) -> None:
        """Count an item that is handed out."""
        if isinstance(body, RawBlock):
            self.items["blocks"] += 1
            self.items["transactions"] += len(body.transactions)
            self.items["logs"] += sum(len(tx.logs or ()) for tx in body.transactions)
        elif isinstance(body, Code):
            self.items["codes"] += 1
        elif isinstance(body, Unreadable):
            self.items["unreadable"] += 1
        else:
            self.items["prices"] += 1
