"""What the journal holds."""

import msgspec

from schemas.actions import Action
from schemas.base import Part
from schemas.consents import Consent
from schemas.incidents import Hop
from schemas.units import Height, Seconds


class Step(Part, frozen=True, kw_only=True, tag="step"):
    """One step of a brake, and what a restart needs to go on from it."""

    action: Action
    block: Height
    """Of the alert that called for it."""
    time: Seconds
    """Of that block; the guard judges on it."""
    cause: str = ""
    """The transaction that called for it."""
    sender: str = ""
    """The account that the nonce belongs to, once there is one."""
    raw: str = ""
    """The signed transaction, in hexadecimal, where this step made one."""
    consent: Consent | None = None
    """This operator's word, which the step announces."""
    void: bool = False
    """Whether its alert was withdrawn: the word that was given runs out, and nothing is sent."""
    data: str = ""
    """What is sent, where it was settled with the nonce: operators' words, which may not be there
    any more when it is signed once more."""
    hops: dict[Hop, int] = msgspec.field(default_factory=dict)
    """When the alert and this brake passed each hop, in nanoseconds since 1970."""


class Mark(Part, frozen=True, kw_only=True, tag="mark"):
    """What is true beyond the steps themselves."""

    published: int
    """Steps of this journal, from its first, that the topic has acknowledged."""
    latest: dict[str, Seconds] = msgspec.field(default_factory=dict)
    """Per incident the time of its newest block, where later than its newest step."""


Entry = Step | Mark


def passed(step: Step, hop: Hop, nanoseconds: int) -> Step:
    """Return the step with the time at which it passed a hop; the first time counts."""
    return msgspec.structs.replace(step, hops={hop: nanoseconds} | step.hops)
