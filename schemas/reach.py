"""What the scope of a brake rests on: where a loss gets, and which brakes stand in its way.

Part of an action, so that anyone can compute again which brakes were the narrowest set
(`responders.scope`). Only numbers and names: no chain and no manifest is needed.
"""

from typing import Annotated

from msgspec import Meta

from schemas.base import Part
from schemas.units import Key, Name

MOST_PLACES = 16
MOST_LINKS = 48
MOST_OPTIONS = 64
"""Beyond any of these nothing is computed, so that no alert takes milliseconds: brakes are judged
each by itself then."""

Number = Annotated[int, Meta(ge=0, lt=MOST_PLACES)]
"""Of a place, as it stands in `Reach.places`."""


class Place(Part, frozen=True, kw_only=True):
    """A contract or protocol that the loss reaches if nothing is halted."""

    name: Name
    """CAIP-10 of a contract, else the name of a protocol or of what lies outside."""
    at_risk: float = 0.0
    """What is lost there if nothing is halted, in money."""
    begins: bool = False
    """Whether the alert says that it loses."""


class Link(Part, frozen=True, kw_only=True):
    """The loss of one place reaches another; both by their number in `Reach.places`."""

    source: Number
    target: Number


class Option(Part, frozen=True, kw_only=True):
    """A brake that evidence, halt rule and guard allow, or that was pulled a moment ago."""

    brake: Key
    """Its name in the manifest."""
    cost: float = 0.0
    """Of pulling it rightly, in money; nought once it was pulled."""
    place: Number | None = None
    """What it halts; None where the loss does not get."""


class Reach(Part, frozen=True, kw_only=True):
    """Where a loss gets, and what may be halted on its way."""

    brake: Key = "*"
    """The brake that this action is about; '*': no one in particular."""
    places: Annotated[tuple[Place, ...], Meta(max_length=MOST_PLACES)] = ()
    links: Annotated[tuple[Link, ...], Meta(max_length=MOST_LINKS)] = ()
    options: Annotated[tuple[Option, ...], Meta(max_length=MOST_OPTIONS)] = ()
    """The narrowest first; of those that cost the same, the first is taken."""
