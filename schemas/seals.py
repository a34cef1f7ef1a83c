"""Records of the forensic log: what it sealed, in which order. Keyed by log and size; compacted."""

from typing import Annotated

from msgspec import Meta

from schemas.base import Part, Record
from schemas.units import Count, Id, Name

MOST_LEAVES = 4096
"""In one seal, so that its record has a bound."""


class Run(Part, frozen=True, kw_only=True):
    """So many records of one partition, one behind the other."""

    topic: Name
    partition: Count
    offset: Count
    """Of the first."""
    count: Annotated[int, Meta(ge=1, le=MOST_LEAVES)]


class Seal(Record, tag="seal", frozen=True, kw_only=True):
    """The leaves that a log had from `start` on when it signed a checkpoint.

    With the records themselves it is all that the log is made from: read again in the order of
    `runs` they give the same leaves, and so the same roots. A leaf whose record is gone by then is
    still known by its hash.
    """

    id: Id
    origin: Name
    start: Count
    runs: Annotated[tuple[Run, ...], Meta(max_length=MOST_LEAVES)]
    hashes: Annotated[bytes, Meta(max_length=32 * MOST_LEAVES)]
    """Of the leaves, 32 bytes each, in their order."""
    note: Annotated[str, Meta(max_length=4096)]
    """The checkpoint as the log signed it."""
    brake: bool = False
    """Whether a step of a brake is among them."""
