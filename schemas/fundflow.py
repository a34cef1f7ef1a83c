"""Records of where stolen funds went. Keyed by protocol and incident; compacted.

Amounts are exact, in each token's smallest unit. `rule` says how stolen and honest units of one
account are told apart; everything else about the way is in `docs/evidence.md`.
"""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.alerts import Sentence
from schemas.base import Part, Record
from schemas.units import Address, Chain, Count, Height, Id, Key, Name, Token, Uint

MAX_NODES = 2_000
MAX_EDGES = 10_000

NodeKind = Literal[
    "victim", "attacker", "account", "contract", "mixer", "bridge", "exchange", "pool", "protocol",
    "fees",
]  # fmt: skip
"""`contract`: one that the attacker's side made or called. `pool`: any other contract, where stolen
units mingle with others' and the trail ends. `exchange`: custodial, by its label. `fees`: what the
chain took for transactions; its address is nought."""

EdgeKind = Literal["theft", "transfer", "exchange", "fee"]
"""`exchange`: a contract gave this for stolen units of another token, within one transaction."""

ENDS: frozenset[NodeKind] = frozenset(
    {"victim", "mixer", "bridge", "exchange", "pool", "protocol", "fees"}
)
"""Kinds of node where the trail is not followed any further."""


class Holding(Part, frozen=True, kw_only=True):
    """An amount of one token."""

    token: Token
    amount: Uint


class FlowNode(Part, frozen=True, kw_only=True):
    """An account that stolen funds came through, or stayed at."""

    address: Address
    kind: NodeKind
    label: Name = ""
    hops: Count
    """How many accounts lie between it and the victim, itself counted; 0 is the victim."""
    stays: tuple[Holding, ...] = ()
    """What of the stolen funds is there when the picture was taken."""
    exchanged: tuple[Holding, ...] = ()
    """What of them it took in exchange for other tokens; the trail goes on with these."""
    ended: Sentence = ""
    """Why the trail was not followed from here; '' where it was."""


class FlowEdge(Part, frozen=True, kw_only=True):
    """Stolen units of one token that went from one account to another, in all transactions."""

    source: Address
    target: Address
    token: Token
    kind: EdgeKind
    amount: Uint
    """The stolen part."""
    total: Uint
    """All that was moved with it."""
    transfers: Count
    tx: str
    """The first."""
    block: Height
    """Of the first."""


class FlowToken(Part, frozen=True, kw_only=True):
    """The account of one token: `stolen` and `received` in; `held`, `returned`, `exchanged` and
    `ended` out. Both sides are equal, or the record would not have been made."""

    token: Token
    symbol: Name
    decimals: Annotated[int, Meta(ge=0, le=77)] | None = None
    """None where nobody said; amounts are then shown in smallest units."""
    stolen: Uint
    """Taken from the victims."""
    received: Uint
    """Got in exchange for other stolen tokens."""
    held: Uint
    """With accounts and contracts of the attacker's side, and whom they paid."""
    returned: Uint
    """Back at the victims."""
    exchanged: Uint = "0"
    """Given to contracts in exchange for other tokens."""
    ended: tuple[tuple[NodeKind, Uint], ...] = ()
    """At nodes where the trail ends, by kind."""


class FundFlow(Record, tag="fund-flow", frozen=True, kw_only=True):
    """Where the funds of one incident went, as far as one chain shows it."""

    id: Id
    chain: Chain
    protocol: Key
    incident: Id
    rule: Literal["fifo"]
    """First in, first out: of an account's units those leave first that arrived first."""
    first: Height
    last: Height
    """The blocks that were looked through."""
    labels: Name = ""
    """Name and version of the file that labels came from."""
    nodes: Annotated[tuple[FlowNode, ...], Meta(max_length=MAX_NODES)]
    edges: Annotated[tuple[FlowEdge, ...], Meta(max_length=MAX_EDGES)]
    tokens: Annotated[tuple[FlowToken, ...], Meta(max_length=MAX_NODES)]
    gaps: Annotated[tuple[Sentence, ...], Meta(max_length=64)] = ()
    """What could not be seen, and what follows from that."""
