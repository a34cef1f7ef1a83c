"""Records of who was told of what. Keyed by case; compacted."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.alerts import Sentence, Severity
from schemas.base import Part, Record
from schemas.units import Chain, Count, Id, Key, Name

Milliseconds = Count
"""Since 1970, by the pager's clock."""

KEPT_TELLINGS = 64

Ending = Literal["", "acknowledged", "closed"]


class Telling(Part, frozen=True, kw_only=True):
    """One channel was told, or could not be."""

    channel: Name
    rung: Count
    at: Milliseconds
    ok: bool


class Page(Record, tag="page", frozen=True, kw_only=True):
    """Where the telling of one case stands: the newest state of it."""

    id: Id
    chain: Chain
    protocol: Key
    incident: Id
    severity: Severity
    summary: Sentence
    tx: Name = ""
    """The transaction of the gravest alert when it was first due; '' where none has
    a name."""
    since: Milliseconds
    """When people were first due to be told of this severity."""
    rung: Count = 0
    """Of its ladder, how many rungs were told."""
    due: Milliseconds
    """When the next rung is."""
    ended: Ending = ""
    """Why nobody is told any more; '' while somebody is."""
    by: Name = ""
    """Who acknowledged it."""
    tellings: Annotated[tuple[Telling, ...], Meta(max_length=KEPT_TELLINGS)] = ()
    """The newest of them."""
