"""Records of incident cases: what people work on. Keyed by protocol and incident; compacted."""

from typing import Annotated, Literal

from msgspec import Meta, field

from schemas.alerts import Sentence, Severity
from schemas.base import Part, Record
from schemas.decisions import Decision, Request, Voice
from schemas.units import (
    Account,
    Address,
    Chain,
    Count,
    Hash,
    Height,
    Id,
    Key,
    Microseconds,
    Name,
    Seconds,
)

Phase = Literal["detect", "respond", "recover", "closed"]
"""The functions of NIST SP 800-61r3 (CSF 2.0 Detect, Respond, Recover) that a case passes through.
Preparation (Govern, Identify, Protect) happens outside of any case."""

Hop = Literal["received", "published", "scored", "decided", "sent", "mined"]
"""What an attack's record passes on its way from the node to the brake: block received by ingest,
record published, alert produced, brake decided, brake handed to the node, brake mined."""


class Sighting(Part, frozen=True, kw_only=True):
    """An alert as the case keeps it."""

    alert: Id
    set: Key
    tx: str
    block: Height
    score: float
    severity: Severity
    summary: Sentence
    withdrawn: bool = False
    technique: Name = ""
    """MITRE AADAPT id, of the first vote that alerted and names one."""
    losing: Annotated[tuple[Address, ...], Meta(max_length=16)] = ()
    """The protocol's contracts that the transaction left with less of some token."""


class Measure(Part, frozen=True, kw_only=True):
    """An action as the case keeps it: its latest step."""

    action: Id
    step: Count = 0
    """Position of this step among the action's steps."""
    state: Key
    adapter: Key
    target: Account
    reason: Sentence
    tx: str = ""
    block: Height | None = None


class Progress(Part, frozen=True, kw_only=True):
    """How far people have led a case back."""

    number: Count
    """Of the case's records of this kind, so that an older one changes nothing."""
    phase: Phase
    released: Annotated[int, Meta(ge=0, le=10_000)]
    """What is let through again, in basis points of the ordinary caps."""
    cause: Sentence = ""
    """The root cause, '' while it is not recorded."""
    block: Height
    """The newest one whose invariants were judged."""


class Task(Part, frozen=True, kw_only=True):
    """One step of the way back."""

    words: Annotated[str, Meta(max_length=512)]
    done: bool


class Signing(Part, frozen=True, kw_only=True):
    """The next step, as it is put before those who decide."""

    digest: Hash
    """Names exactly these calls, made by exactly this Safe or Governor."""
    decider: Literal["safe", "governor"]
    executor: Account
    """Who makes the calls: the Safe, or the Governor's timelock."""
    calls: Annotated[tuple[Request, ...], Meta(max_length=64)]
    hashes: Annotated[tuple[Hash, ...], Meta(max_length=64)] = ()
    """What an owner of the Safe signs: the `safeTxHash` of each call, in order."""
    nonce: Count = 0
    """The Safe's, of the first of them."""


class Checklist(Part, frozen=True, kw_only=True):
    """What is done on the way back, and what is missing."""

    tasks: Annotated[tuple[Task, ...], Meta(max_length=64)]
    missing: Annotated[tuple[Sentence, ...], Meta(max_length=16)] = ()
    """Before the next step may be carried out."""
    signers: Annotated[tuple[Account, ...], Meta(max_length=256)] = ()
    quorum: Count = 0
    """How many of them it takes."""
    approvals: Annotated[tuple[Account, ...], Meta(max_length=256)] = ()
    """Who of them agreed to what is staged."""
    staged: Signing | None = None


class Turn(Part, frozen=True, kw_only=True):
    """What happens on the way back of a case, told before it is written down there."""

    place: Count
    """Among all that is told so of the case, from 0: so nothing is left out unseen."""
    event: Key
    """What happens, as the case's own log names it: `opened`, `cause-recorded`, `staged`,
    `approved`, `carried-out`, `elapsed`, `braked-again`."""
    proposal: Annotated[str, Meta(max_length=66)] = ""
    """The digest of what it is about, where it is about a step; as `Signing.digest`."""
    signer: Annotated[str, Meta(max_length=84)] = ""
    """Who agrees, on `approved`."""
    time: Seconds | None = None
    """When it was told, by the clock of whose machine told it; None: an older version did."""


class Recovery(Record, tag="recovery", frozen=True, kw_only=True):
    """How far people have led a case back. Keyed by protocol."""

    id: Id
    chain: Chain
    protocol: Key
    incident: Id
    progress: Progress
    checklist: Checklist | None = None
    turn: Turn | None = None
    """What is about to be written down, which `progress` and `checklist` have already; None where
    it is only told how the case stands."""


class Acknowledgement(Record, tag="acknowledgement", frozen=True, kw_only=True):
    """Somebody has a case in hand: nobody else is woken for it unless it becomes graver. Keyed by
    protocol; signed in its headers where people's keys are configured."""

    id: Id
    chain: Chain
    protocol: Key
    incident: Id
    by: Name
    severity: Severity
    """How grave the case was when it was acknowledged."""
    words: Sentence = ""
    said: Voice | None = None
    """Whose word that is, with what they said it, and when; None: an older version wrote it."""


class Acknowledged(Part, frozen=True, kw_only=True):
    """Who has a case in hand, as the case keeps it."""

    by: Name
    severity: Severity
    words: Sentence = ""
    time: Seconds | None = None
    """When, by their clock; None where that was not told."""


class Incident(Record, tag="incident", frozen=True, kw_only=True):
    """A case: the alerts and actions of one protocol that belong together in time."""

    id: Id
    chain: Chain
    protocol: Key
    phase: Phase
    severity: Severity
    summary: Sentence
    opened: Seconds
    """Time of the block that opened the case."""
    latest: Seconds
    """Time of the newest block that the case knows of."""
    sightings: Annotated[tuple[Sighting, ...], Meta(max_length=1000)]
    measures: Annotated[tuple[Measure, ...], Meta(max_length=1000)] = ()
    hops: dict[Name, Microseconds] = field(default_factory=dict)
    """When the first alert and its brake passed each hop, in microseconds since 1970."""
    dropped: Count = 0
    """Sightings and measures beyond the bounds, counted only."""
    progress: Progress | None = None
    """How far people have led it back; None until they say."""
    decisions: Annotated[tuple[Decision, ...], Meta(max_length=1000)] = ()
    """What people proposed about it, and what others answered; the oldest first."""
    acknowledged: Acknowledged | None = None
    """Who said first that they have it in hand, for the gravest severity that anybody did."""
