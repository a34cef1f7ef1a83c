"""What is kept of one protocol between two of its records: its cases, and actions without one."""

from typing import Annotated

from msgspec import Meta, field

from schemas.base import Part, Record
from schemas.decisions import Answer, Proposal
from schemas.incidents import Acknowledgement, Incident, Measure, Recovery
from schemas.units import Id, Microseconds, Name

KEPT_CASES = 8
"""Cases of one protocol that can still change. Cases lie an hour of event time apart or more; the
newest state of an older one stays on its topic."""

KEPT_SIGHTINGS = 250
KEPT_MEASURES = 50
KEPT_WAITING = 50
KEPT_DECISIONS = 30
KEPT_SAID = 4
"""With these bounds the largest docket, every text at its longest, fits into one record."""


class Waiting(Part, frozen=True, kw_only=True):
    """The newest step of an action that arrived before the alert of its case."""

    incident: Id
    alert: Id
    measure: Measure
    hops: dict[Name, Microseconds] = field(default_factory=dict)


class Docket(Record, tag="docket", frozen=True, kw_only=True):
    """One protocol's cases, the one with the newest block last."""

    cases: Annotated[tuple[Incident, ...], Meta(max_length=KEPT_CASES)] = ()
    waiting: Annotated[tuple[Waiting, ...], Meta(max_length=KEPT_WAITING)] = ()
    recoveries: Annotated[tuple[Recovery, ...], Meta(max_length=KEPT_CASES)] = ()
    """The newest of each case that is not there yet."""
    said: Annotated[tuple[Proposal | Answer, ...], Meta(max_length=KEPT_SAID)] = ()
    """Proposals of cases that are not there yet, and the answers to them, as they came."""
    acknowledgements: Annotated[tuple[Acknowledgement, ...], Meta(max_length=KEPT_CASES)] = ()
    """The gravest of each case that is not there yet."""
