"""Records of what a chain did: blocks, retractions, events, transactions, pending, deployments.

`None` or an absent list means "the source could not see it", never "zero": `Transaction.seen`
names the parts that were looked at.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from schemas.base import Part, Record
from schemas.units import (
    Address,
    Chain,
    Count,
    Decimal,
    Hash,
    Height,
    Hex,
    Id,
    Key,
    Name,
    Seconds,
    Selector,
    Token,
    Uint,
)

MAX_CALLS = 10_000
MAX_EVENTS = 5_000
MAX_FLOWS = 10_000
MAX_WRITES = 5_000
MAX_VAST = 8

Position = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""An index within a block: of a transaction or of a log."""

Argument = str | bool | list[Any] | dict[str, Any]
"""A decoded value: integers as decimal text, bytes and addresses as hexadecimal text."""


def _refuse_numbers(arguments: Iterable[Any]) -> None:
    """Hold `Argument` to its word below the first level, where its type says no more than `Any`."""
    for value in arguments:
        if value.__class__ is str or value.__class__ is bool:
            continue
        if value.__class__ is dict:
            _refuse_numbers(value.values())
        elif value.__class__ is list:
            _refuse_numbers(value)
        else:
            raise ValueError(f"an argument is {value!r:.40}: numbers travel as decimal text")


class Block(Record, tag="block", frozen=True, kw_only=True):
    """A block joined the head of its chain. Written to every partition of the keyed chain topics,
    before the records of the block."""

    id: Id
    chain: Chain
    number: Height
    hash: Hash
    parent: Hash
    timestamp: Seconds
    transactions: Count


class Retraction(Record, tag="retraction", frozen=True, kw_only=True):
    """A block left the chain. Written to every partition, highest block first, before the records
    of the new branch. All that was said about `hash` is void."""

    id: Id
    chain: Chain
    number: Height
    hash: Hash
    parent: Hash
    timestamp: Seconds


class Event(Record, tag="event", frozen=True, kw_only=True):
    """One log by itself, keyed by its contract. Undecodable ones keep `name` empty; the raw topics
    and data always travel along."""

    id: Id
    chain: Chain
    block: Height
    block_hash: str
    timestamp: Seconds
    tx: str
    index: Position
    """Of the transaction in its block."""
    log: Position
    contract: Address
    protocol: Key
    name: Name = ""
    arguments: dict[str, Argument] = field(default_factory=dict)
    topics: Annotated[tuple[Hash, ...], Meta(max_length=4)] = ()
    data: Hex = "0x"

    def check(self) -> None:
        """Refuse numbers among the arguments."""
        _refuse_numbers(self.arguments.values())


class Call(Part, frozen=True, kw_only=True):
    """A frame of the call tree. The tree is flattened in the order of execution: the children of a
    frame follow it with a `depth` one higher. Precompiles are left out; a proxy's delegatecall is
    spliced into its frame, which names the implementation in `code`."""

    depth: Annotated[int, Meta(ge=0, le=2048)]
    kind: Literal["call", "staticcall", "delegatecall", "callcode", "create", "destroy"]
    sender: Address
    to: Address
    selector: Selector = ""
    value: Uint = "0"
    ok: bool = True
    """False when the frame or one that encloses it was reverted."""
    code: Address | None = None


class Log(Part, frozen=True, kw_only=True):
    """A decoded event inside a transaction; `topic` is the signature hash ('' when anonymous)."""

    log: Position
    contract: Address
    topic: str = ""
    name: Name = ""
    arguments: dict[str, Argument] = field(default_factory=dict)


class Flow(Part, frozen=True, kw_only=True):
    """An amount of one token that moved, in the order in which it moved. `amount` in the token's
    smallest unit."""

    token: Token
    sender: Address
    to: Address
    amount: Uint
    held: Uint | None = None
    """What the sender had of the token just before, where somebody else had asked for it
    (`balanceOf`) earlier in the transaction; None where nobody had, or the source sees no
    answers."""


class Write(Part, frozen=True, kw_only=True):
    """A storage slot that was set, with the value it got."""

    contract: Address
    slot: Uint
    value: Uint


class Posture(Part, frozen=True, kw_only=True):
    """How an account prepared itself within the last months, as far as that was remembered. Counts
    are lower bounds of what happened: memory is bounded."""

    mixer_fundings: Count = 0
    """Times that it, or who funded it, was paid by a mixer."""
    deployments: Count = 0
    """Contracts it deployed whose code names a watched contract."""
    probes: Count = 0
    """Failing or empty calls it made to watched contracts."""
    first: Seconds = 0
    """When the first of these was seen."""
    odds: Annotated[float, Meta(ge=1.0, le=1e4)] = 1.0
    """How many times likelier an attack by it is than by an account with none of these."""


class Transaction(Record, tag="transaction", frozen=True, kw_only=True):
    """One transaction as one protocol saw it: the unit that is scored. Keyed by protocol."""

    id: Id
    chain: Chain
    protocol: Key
    phase: Literal["head", "pending"] = "head"
    block: Height
    block_hash: str
    """Empty where a recorded file does not tell."""
    timestamp: Seconds
    index: Position
    tx: str
    seen: tuple[Literal["calls", "logs", "flows", "writes"], ...]
    sender: Address | None = None
    to: Address | None = None
    value: Uint | None = None
    selector: Selector | None = None
    ok: bool | None = None
    gas_used: Uint | None = None
    calls: Annotated[tuple[Call, ...], Meta(max_length=MAX_CALLS)] = ()
    logs: Annotated[tuple[Log, ...], Meta(max_length=MAX_EVENTS)] = ()
    flows: Annotated[tuple[Flow, ...], Meta(max_length=MAX_FLOWS)] = ()
    writes: Annotated[tuple[Write, ...], Meta(max_length=MAX_WRITES)] = ()
    created: tuple[Address, ...] = ()
    vast: Annotated[tuple[Uint, ...], Meta(max_length=MAX_VAST)] = ()
    """Numbers among the arguments of its own call of which a few make more than a word holds, so
    that a contract that adds or multiplies them unchecked wraps around."""
    posture: Posture | None = None
    """What is remembered of the sender from before this transaction; None when there is nothing
    that speaks against it, or nothing was remembered. It never changes a score."""
    cut: Count = 0
    """Entries left out of the four lists because they exceeded their bounds."""

    def check(self) -> None:
        """Refuse numbers among the arguments of its logs."""
        for log in self.logs:
            _refuse_numbers(log.arguments.values())


class Pending(Record, tag="pending", frozen=True, kw_only=True):
    """A transaction that waits in a node's pool. Keyed by chain."""

    id: Id
    chain: Chain
    tx: Hash
    sender: Address
    to: Address | None = None
    value: Uint
    nonce: Count
    fee: Uint
    """The most it pays per gas, in wei."""
    data: Hex = "0x"


class Deployment(Record, tag="deployment", frozen=True, kw_only=True):
    """A contract was created. Keyed by chain."""

    id: Id
    chain: Chain
    block: Height
    block_hash: str
    timestamp: Seconds
    tx: str
    index: Position
    address: Address
    creator: Address
    """The account that sent the transaction."""
    factory: Address
    """The account or contract that executed the creation."""
    code_hash: Hash
    code: Hex
    """The deployed code, at most 24,576 bytes on Ethereum."""
    creation: Hex = "0x"
    """The code that was executed to create it; empty where the source cannot see it."""
    creator_nonce: Count | None = None
    """How many transactions the creator had sent before."""
    posture: Posture | None = None
    """What is remembered of the creator."""


class Price(Record, tag="price", frozen=True, kw_only=True):
    """A price bar, keyed by market. Prices are decimal text, in units of `quote` per `base`."""

    id: Id
    market: Key
    base: Name
    quote: Name
    timestamp: Seconds
    """Start of the bar."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = "0"
    source: Name = ""
