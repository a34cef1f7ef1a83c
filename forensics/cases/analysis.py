"""What an analysis of one incident comes to: everything that the report says, as data.

Amounts are decimal text in a token's smallest unit; times are of blocks, in seconds since 1970,
save where a field says microseconds.
"""

from typing import Literal

import msgspec

from schemas.fundflow import FundFlow

MomentKind = Literal[
    "preparation", "attack", "alert", "decision", "brake", "refused", "movement", "recovery",
    "people", "chain",
]  # fmt: skip


class Part(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A piece of an analysis."""


class Moment(Part, frozen=True, kw_only=True):
    """Something that happened."""

    at: int
    kind: MomentKind
    what: str
    block: int | None = None
    tx: str = ""
    precise: int | None = None
    """By the clock of the machine that did it, in microseconds since 1970; None where the block's
    time is all there is."""
    record: str = ""
    """The id of the record that says so, for `firebreak audit prove`; '' where the chain alone
    does."""
    step: str = ""
    """How far a brake came, as `schemas.actions` calls it, or what the chain shows of one, as
    `schemas.brake_events` does."""


class Theft(Part, frozen=True, kw_only=True):
    """A transaction that left the victims with less."""

    tx: str
    block: int
    at: int
    lost: dict[str, str]
    """By token."""


class Loss(Part, frozen=True, kw_only=True):
    """What the victims lost of one token, over all transactions of the attack."""

    token: str
    symbol: str
    decimals: int | None
    lost: str
    remained: str | None = None
    """What they had of it after the last theft; None where nobody tells."""
    stated_price: str = ""
    """Of one whole token, in the manifest's currency, as its operator states it."""
    worth: str = ""
    """At that price, rounded down to a cent of it; '' where none is stated."""


class Quote(Part, frozen=True, kw_only=True):
    """What a pair of the protocol's manifest would have given, read from its reserves."""

    pair: str
    name: str
    block: int
    base: str
    quote: str
    price: str
    """Of one whole `base`, in whole `quote`."""


class Member(Part, frozen=True, kw_only=True):
    """An account on, or linked to, the attacker's side, and why."""

    address: str
    standing: Literal["member", "linked"]
    reasons: tuple[tuple[str, str], ...]
    """(reason, transaction that shows it or '')."""
    label: str = ""


class Cause(Part, frozen=True, kw_only=True):
    """A hint at the root cause, and where it comes from."""

    what: str
    source: str
    weight: float = 0.0
    """For order only: how far from normal, or how many say it."""


class Brake(Part, frozen=True, kw_only=True):
    """What was done on chain, and how far it came."""

    action: str
    adapter: str
    target: str
    scope: str
    state: str
    reason: str
    stops: tuple[str, ...] = ()
    """What honest users could not do either."""
    tx: str = ""
    block: int | None = None
    steps: tuple[tuple[str, int | None], ...] = ()
    """(state, newest block when it was reached)."""


class Attempt(Part, frozen=True, kw_only=True):
    """What the attacker's side sent after the brake and the chain refused."""

    tx: str
    block: int
    at: int


class Analysis(Part, frozen=True, kw_only=True):
    """All of it."""

    incident: str
    chain: str
    protocol: str
    name: str
    phase: str
    severity: str
    summary: str
    first: int
    last: int
    anchor: str
    """The transaction that the attack is known by."""
    techniques: tuple[str, ...]
    """MITRE AADAPT ids that detectors named."""
    thefts: tuple[Theft, ...]
    losses: tuple[Loss, ...]
    quotes: tuple[Quote, ...]
    brakes: tuple[Brake, ...]
    hops: dict[str, int]
    """When the brake that held, or the decision not to pull one, and the alert it answered passed
    each hop; in microseconds since 1970, as the records' headers say."""
    attempts: tuple[Attempt, ...]
    alerts: int
    other_alerts: int
    """Of the incident that were not about the attacker's side."""
    moments: tuple[Moment, ...]
    members: tuple[Member, ...]
    causes: tuple[Cause, ...]
    flow: FundFlow
    unexplained: tuple[tuple[str, str, str], ...] = ()
    """(account, token, difference): where the chain shows another balance than was seen to move."""
    gaps: tuple[str, ...] = ()
    """What could not be seen, and what follows from that."""
