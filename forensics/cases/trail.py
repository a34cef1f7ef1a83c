"""What following stolen units starts from and what it finds: the words of `following`."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from forensics.cases.labels import Label
from forensics.cases.purse import Purse
from forensics.cases.settlement import Transfer
from forensics.cases.transactions import ZERO
from schemas.fundflow import EdgeKind, NodeKind

FEES = ZERO
"""Stands for what the chain takes for a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known before anything is followed."""

    victims: frozenset[str]
    """The protocol's contracts that hold value."""
    protocol: Mapping[str, str]
    """Its other contracts, by address, with their names."""
    labels: Mapping[str, Label]
    balance: Callable[[str, str, int], int | None]
    """Of an account, in a token, after a block; None when nobody tells."""
    has_code: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far to go."""

    hops: int = 12
    accounts: int = 500


@dataclass(slots=True)
class Edge:
    """All stolen units of a token that went from one account to another."""

    kind: EdgeKind
    tx: str
    block: int
    amount: int = 0
    total: int = 0
    transfers: int = 0


@dataclass(frozen=True, slots=True)
class Hop:
    """One transfer of stolen units, as it happened."""

    tx: str
    block: int
    timestamp: int
    transfer: Transfer
    kind: EdgeKind
    stolen: int


@dataclass(slots=True)
class Trail:
    """What was found so far."""

    purses: dict[tuple[str, str], Purse] = field(default_factory=dict)
    stays: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    exchanged: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """What an account, where the trail would end, took in exchange for other tokens."""
    edges: dict[tuple[str, str, str, EdgeKind], Edge] = field(default_factory=dict)
    hops: dict[str, int] = field(default_factory=dict)
    """By account: how far from the victims."""
    ended: dict[str, tuple[NodeKind, str]] = field(default_factory=dict)
    """By account where the trail ends: what it is and why."""
    way: list[Hop] = field(default_factory=list)
    gaps: dict[str, None] = field(default_factory=dict)
    """In the order in which they were met, once each."""
