"""Records of what detectors saw. Keyed by protocol; signed in their headers."""

from typing import Annotated, Literal, get_args

from msgspec import Meta

from schemas.base import Part, Record
from schemas.chain import Position, Posture
from schemas.units import Address, Chain, Count, Height, Id, Key, Name, Seconds

Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Sentence = Annotated[str, Meta(max_length=500)]
Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""In rising order; a signed statement counts them from 1."""


class Reason(Part, frozen=True, kw_only=True):
    """One feature that stood out: `observed` against `expected`, `distance` spreads away."""

    feature: Name
    observed: float
    expected: float
    distance: float
    unit: Name
    text: Sentence
    """The same in words, for the person who is woken by it."""


class Evidence(Part, frozen=True, kw_only=True):
    """Where to look: a log of the transaction, a frame of its call tree (by its position in
    `Transaction.calls`), or, with neither, the transaction itself."""

    what: Sentence
    log: Position | None = None
    call: Position | None = None


class Vote(Part, frozen=True, kw_only=True):
    """What one detector of the set thought of the transaction."""

    detector: Key
    version: Name
    score: float
    p_value: Probability
    tail: Key
    """Where the p-value comes from: `prior`, the shipped reference alone; `empirical`, counted
    among this protocol's own scores; `fitted`, a tail fitted beyond the largest of them; `rule`,
    not from statistics at all: the detector states what a broken rule of the manifest means."""
    learned: Count
    """How many of this protocol's transactions the detector had learned from."""
    alerted: bool
    technique: Name = ""
    reasons: Annotated[tuple[Reason, ...], Meta(max_length=32)] = ()
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=64)] = ()
    made_from: Annotated[tuple[Key, ...], Meta(max_length=8)] = ()
    """Kinds of feature that the score is made from, as the detector declares them: `amounts` that
    moved, `movements` as such, `calls`, `events`, `storage`, `prices`, `volatility` (how far a
    price moved), `code`, `requests` of people outside, or another. Detectors that have one in
    common are no two witnesses; one that declares nothing is taken to have all in common."""


class Alert(Record, tag="alert", frozen=True, kw_only=True):
    """A transaction that ordinary life does not explain, within the false-alarm budget."""

    id: Id
    chain: Chain
    protocol: Key
    set: Key
    phase: Literal["head", "pending"]
    block: Height
    block_hash: str
    timestamp: Seconds
    index: Position
    tx: str
    score: float
    """-log10 of `p_value`, comparable across protocols."""
    p_value: Probability
    budget: Probability
    """The share of ordinary transactions that may alert."""
    severity: Severity
    summary: Sentence
    votes: Annotated[tuple[Vote, ...], Meta(min_length=1, max_length=64)]
    subject: Literal["transaction", "deployment"] = "transaction"
    """What alerted: the transaction, or a contract that it created and that nobody has called
    yet. Nothing is braked over a deployment."""
    contract: Address | None = None
    """The contract that was created, when one alerted."""
    posture: Posture | None = None
    """What is remembered of the sender. No part of score or p-value: the responder's prior."""
    sender: Address | None = None
    """Who signed the transaction, where the source tells it."""
    losing: Annotated[tuple[Address, ...], Meta(max_length=16)] = ()
    """The protocol's contracts that the transaction left with less of some token; empty where flows
    were not seen."""
    involved: Annotated[tuple[Address, ...], Meta(max_length=64)] = ()
    """The protocol's contracts that had any part in the transaction: executed, spoke, were written,
    paid, were paid or are named in its events. Empty where that is not known in full; what alerted
    may then be about any of them."""
    reference: Annotated[str, Meta(max_length=128)] = ""
    """The transaction's name on every chain (CAIP-221: `eip155:1:txn/0x...`); empty where the
    source does not tell its hash, or a price alerted."""
    link: Annotated[str, Meta(max_length=512)] = ""
    """Where the manifest's explorer shows it."""


class Withdrawal(Record, tag="withdrawal", frozen=True, kw_only=True):
    """An alert no longer holds, because its block left the chain."""

    id: Id
    alert: Id
    chain: Chain
    protocol: Key
    set: Key
    block: Height
    block_hash: str
    tx: str
    reason: Sentence


AlertRecord = Alert | Withdrawal
