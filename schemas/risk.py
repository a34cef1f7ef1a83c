"""Records of what an insurer asks of a protocol. Keyed by protocol; signed in their headers.

A record carries everything that its figures were computed from, each with where it was read, so
that anyone can compute them again (`firebreak risk rederive`).
"""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.actions import Heard
from schemas.alerts import Probability, Sentence
from schemas.base import Part, Record
from schemas.units import Chain, Count, Hash, Height, Id, Key, Name, Seconds

Standing = Literal["calm", "alerted", "braked", "recovering"]
"""How a protocol stands: no live evidence; an alert or an open case; a brake of an open case on
chain; people leading it back."""

Amount = Annotated[float, Meta(ge=0.0)]


class Source(Part, frozen=True, kw_only=True):
    """Where something was read: a record of a topic."""

    topic: Key
    partition: Count
    offset: Count
    record: Id
    """The id of what was read there."""


class Evidence(Part, frozen=True, kw_only=True):
    """A live sign that an incident is near, and the numbers that its weight is computed from."""

    source: Source
    kind: Key
    """`alert`; the list may grow."""
    at: Seconds
    """Time of its block."""
    p_value: Probability
    posture_odds: Annotated[float, Meta(ge=1.0, le=1e4)] = 1.0
    """Of the sender, as the alert says."""


class Holding(Part, frozen=True, kw_only=True):
    """What was at risk, and how that is known."""

    value: Amount
    """In US dollars, as all money here."""
    source: Literal["chain", "manifest"]
    """`chain`: balances and prices of `[[assets]]` after `block`; `manifest`: `value_exposed`."""


class Inputs(Part, frozen=True, kw_only=True):
    """All that the figures are a function of, beside the model."""

    horizon: Annotated[int, Meta(ge=3600, le=366 * 86_400)]
    """Seconds from `Risk.at` that every probability and loss is about."""
    transactions_per_day: Annotated[float, Meta(gt=0.0, le=1e9)]
    """Of the protocol; how many chances a false alert has."""
    held: Holding
    before: Amount
    """What was held when the protocol was last calm for sure, some minutes ago at least."""
    allowable: Amount
    """The most that one incident may cost, summed over `[[assets]]`; 0 where none is said."""
    cover: Amount
    """The cover that the price is for, at most what is held."""
    capital_cost: Annotated[float, Meta(ge=0.0, le=1.0)]
    """What capital costs a year, as a share of it."""
    level: Annotated[float, Meta(ge=0.5, lt=1.0)]
    """Of value at risk and expected shortfall."""
    standing: Standing
    case: Source | None = None
    """The open case that the standing comes from."""
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=64)] = ()
    heard: Heard | None = None
    """What neighbours warned of; None where nobody did."""


class Figure(Part, frozen=True, kw_only=True):
    """A number with its unit, and the interval that it lies in with at least 90 %."""

    name: Key
    value: Amount
    unit: Name
    low: Amount
    high: Amount


class Risk(Record, tag="risk", frozen=True, kw_only=True):
    """What is known of a protocol's risk as of a block."""

    id: Id
    chain: Chain
    protocol: Key
    at: Seconds
    """Time of the block. Grows from record to record of a protocol, so it is the round on chain."""
    block: Height
    block_hash: Hash
    model: Id
    """Names the parameters that the figures were computed with, by their content."""
    inputs: Inputs
    figures: Annotated[tuple[Figure, ...], Meta(max_length=32)]
    reasons: Annotated[tuple[Sentence, ...], Meta(max_length=16)] = ()

    def figure(self, name: str) -> Figure:
        """Return a figure by its name. Raises `KeyError` for one that is not there."""
        found = next((figure for figure in self.figures if figure.name == name), None)
        if found is None:
            raise KeyError(name)
        return found
