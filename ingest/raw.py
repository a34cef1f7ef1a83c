"""The one form to which every source brings a block, before anything is decoded.

Hexadecimal text is lower case. `None` means that the source cannot see it; an empty list, that
there was nothing. No field says which kind of source it was.
"""

from dataclasses import dataclass, field
from typing import Literal

FrameKind = Literal["call", "staticcall", "delegatecall", "callcode", "create", "destroy"]


@dataclass(slots=True)
class RawLog:
    """A log as the chain keeps it."""

    contract: str
    topics: tuple[str, ...]
    data: str
    log: int
    """Index within the block."""


@dataclass(slots=True)
class RawFrame:
    """A frame of the call tree, in the order of execution, as the tracer saw it."""

    depth: int
    kind: FrameKind
    sender: str
    to: str
    """The called address; of a creation the new contract ('' if it failed); of a destruction the
    heir."""
    value: int
    input: str
    output: str
    """What it returned; of a creation the deployed code. '' where the tracer does not tell."""
    ok: bool


@dataclass(slots=True)
class RawWrite:
    """A storage slot that was set."""

    contract: str
    slot: int
    value: int


@dataclass(slots=True)
class RawTransfer:
    """A token movement that the source itself derived."""

    token: str
    """An address, or `native` for the chain's own coin."""
    sender: str
    to: str
    amount: int


@dataclass(slots=True)
class RawTransaction:
    """One transaction with everything a source knows of it."""

    hash: str
    index: int
    sender: str | None = None
    to: str | None = None
    value: int | None = None
    input: str | None = None
    ok: bool | None = None
    gas_used: int | None = None
    nonce: int | None = None
    """How many transactions the sender had sent before."""
    created: str | None = None
    """The contract that the transaction itself created, by its receipt."""
    logs: list[RawLog] | None = None
    frames: list[RawFrame] | None = None
    writes: list[RawWrite] | None = None
    transfers: list[RawTransfer] | None = None


@dataclass(slots=True)
class RawBlock:
    """A block, or as much of one as a recorded file holds."""

    chain: str
    number: int
    hash: str
    """'' where a recorded file does not tell."""
    parent: str
    timestamp: int
    """Seconds since 1970, 0 where a recorded file does not tell."""
    transactions: list[RawTransaction] = field(default_factory=list)
