"""What reading files yields."""

from dataclasses import dataclass

from ingest.raw import RawBlock
from schemas.chain import Price


@dataclass(frozen=True, slots=True)
class Code:
    """A contract's bytecode, and nothing that says what became of it."""

    name: str
    """Keccak-256 of the deployed code, or of the creation code where only that is known."""
    address: str
    """Where it was deployed, '' where the file does not tell; the same for what follows."""
    tx: str
    init_code: str
    runtime_code: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece of a file that cannot be read; everything else of the file still is."""

    where: str
    """The line, the item of a list, the transaction; '' for the whole file."""
    reason: str
    raw: bytes
    """What stands there, at most 8 MiB: a line as it is, a piece of a document written out again, a
    file that cannot be opened or unpacked as it lies on disk."""


Body = RawBlock | Price | Code | Unreadable


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a file told."""

    case: str
    """Names the history it belongs to; a valid `schemas.units.Key`."""
    file: str
    """Where it comes from, relative to what was read, members of archives included."""
    body: Body
