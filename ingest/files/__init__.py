"""Recorded chain data: whatever shape a file has, brought to `ingest.raw`, prices and bytecode.

To add a shape, write a module with its `SHAPES` and name it in `recognise`.
"""

from ingest.files.contracts import contracts
from ingest.files.items import Body, Code, Item, Unreadable
from ingest.files.pieces import NO_SHAPE
from ingest.files.source import extent, read
from ingest.files.tally import FileTally, Tally

__all__ = [
    "NO_SHAPE",
    "Body",
    "Code",
    "FileTally",
    "Item",
    "Tally",
    "Unreadable",
    "contracts",
    "extent",
    "read",
]
