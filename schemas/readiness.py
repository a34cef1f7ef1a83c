"""Records of how a protocol's brakes stand, as its responder sees them. Keyed by protocol."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.alerts import Sentence
from schemas.base import Part, Record
from schemas.units import Account, Calldata, Chain, Count, Height, Id, Key, Seconds


class PreparedBrake(Part, frozen=True, kw_only=True):
    """A brake of the manifest, and whether it would work."""

    brake: Key
    adapter: Key
    scope: Literal["T1", "T2", "T3"]
    target: Account
    calldata: Calldata
    """What reaches the target, whatever the way there."""
    release: Sentence
    """Who lets go of it, and how: never the automation."""
    also_stops: Annotated[tuple[Key, ...], Meta(max_length=32)] = ()
    """What honest users cannot do either while it holds (`schemas.activities`)."""
    lapses_after: Seconds | None = None
    """After so long the target lets go by itself; None: people release it."""
    rehearsed: Seconds | None = None
    """Time of the block on whose state it was last rehearsed; None: not since the start."""
    trouble: Sentence = ""
    """Why it would not have worked then, '' when it would."""


class Readiness(Record, tag="readiness", frozen=True, kw_only=True):
    """How one protocol's brakes stood after a block. Keyed by protocol; compacted."""

    id: Id
    chain: Chain
    protocol: Key
    block: Height
    time: Seconds
    """Of that block."""
    armed: bool
    """Whether brakes are signed and sent."""
    brakes: Annotated[tuple[PreparedBrake, ...], Meta(max_length=64)]
    brakes_left: Count
    """In the window around this block."""
    brakes_per_window: Count
    window_seconds: Seconds
    heartbeat: Seconds | None = None
    """Time of the block that took the last heartbeat; None: none since the start."""
    authority_until: Seconds | None = None
    """Block time at which the gate stops obeying; None where no gate has to be kept alive."""
