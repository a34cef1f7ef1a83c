"""Records of what responders decided and did. Keyed by protocol.

Every step of an action is one record, copied from the responder's journal, where it was written
and fsynced before the step was taken.
"""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.alerts import Sentence, Severity
from schemas.base import Part, Record
from schemas.reach import Reach
from schemas.units import Account, Address, Chain, Count, Height, Hex, Id, Key, Name, Seconds, Uint

STATES = (
    "proposed",
    "refused",
    "rehearsed",
    "authorised",
    "consented",
    "drafted",
    "submitted",
    "nonce-reserved",
    "signed",
    "broadcast",
    "included",
    "final",
    "reorged",
    "satisfied",
    "failed",
)
"""`rehearsed`: dry-run, all but signing was done. `consented`: this operator signed its yes, and
waits for others. `drafted`: signed as a proposal to a Safe's owners, and not posted yet;
`submitted`: it is before them. `satisfied`: the target was braked already.
`refused`, `rehearsed`, `final`, `satisfied` and `failed` end an action. The list may grow: a reader
takes a state it does not know for one that has not ended."""


class Term(Part, frozen=True, kw_only=True):
    """One quantity that a decision rests on, so that anyone can compute it again."""

    name: Name
    value: float
    unit: Name = ""


LOSS = "allowable_loss"
"""The term of a decision on what there is to lose, which takes no alert."""

MOST_TERMS = 32
"""That `Action.terms` has room for."""


class Warned(Part, frozen=True, kw_only=True):
    """What one neighbour had warned of, and the likelihood ratio of its word at that time."""

    issuer: Address
    signal: Id
    ratio: float


class Heard(Part, frozen=True, kw_only=True):
    """What neighbours had warned of when it was decided."""

    issuers: Count
    """Neighbours that were listened to, silent ones included."""
    unmasked: Count = 0
    """Those of them that had been wrong so often that their warnings are left out."""
    warnings: Annotated[tuple[Warned, ...], Meta(max_length=64)] = ()
    """One of each neighbour that warned, its weightiest."""
    time: Seconds = 0
    """Of the newest block then: what had expired by it says nothing any more."""
    read: Annotated[tuple[Count, ...], Meta(max_length=64)] = ()
    """By partition of `signals-v1`, the offset up to which it had been read; () where it is not
    said."""


class Cited(Part, frozen=True, kw_only=True):
    """An alert as it came: which, and what it said to the last byte."""

    alert: Id
    sha256: Id
    """Of the record's value."""


class Action(Record, tag="action", frozen=True, kw_only=True):
    """One step of one brake."""

    id: Id
    action: Id
    """Names the brake itself (`schemas.ids.action_id`); equal over all its steps."""
    step: Count
    state: Key
    """One of `STATES`."""
    chain: Chain
    protocol: Key
    incident: Id
    alert: Id
    """Where a bucket was tightened on no alert, because of what there is to lose: the incident."""
    alert_block: Height | None = None
    """The block that it is about."""
    alert_time: Seconds | None = None
    """That block's time: budget and cooldown count by it."""
    linked: Id | None = None
    """The alert on another transaction whose witnesses count beside those of `alert`."""
    cites: Annotated[tuple[Cited, ...], Meta(max_length=8)] = ()
    """The bytes of `alert`, of `linked`, and of what other detector sets said of the transaction of
    `alert`, in this order, that were decided on; () where it is not said."""
    adapter: Key
    target: Account
    calldata: Hex
    scope: Literal["T1", "T2", "T3"]
    reason: Sentence
    terms: Annotated[tuple[Term, ...], Meta(max_length=32)] = ()
    """On a step that decides: all that `responders.rederive` needs to decide again."""
    further: Annotated[tuple[Term, ...], Meta(max_length=32)] = ()
    """More of the same, where `terms` is full."""
    heard: Heard | None = None
    """On a step that decides, where neighbours had warned: part of what it rests on."""
    reach: Reach | None = None
    """On a step that decides, where brakes were chosen on the protocol's graph: part of it too."""
    severity: Severity | None = None
    """Of the alert."""
    also_stops: Annotated[tuple[Key, ...], Meta(max_length=32)] = ()
    """What honest users cannot do either while the brake holds (`schemas.activities`)."""
    tx: str = ""
    nonce: Count | None = None
    fee: Uint | None = None
    """The most it pays per gas, in wei."""
    block: Height | None = None
    """That includes the transaction; before that, the newest one when the step was taken."""
    block_hash: str = ""
    """Of the block that includes the transaction."""

    @property
    def on_loss(self) -> bool:
        """Whether it was decided on what there is to lose, and not on an alert, by its numbers."""
        return any(term.name == LOSS for term in (*self.terms, *self.further))
