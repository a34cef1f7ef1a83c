"""What can happen on the way back: what a case's log holds, one line of JSON each."""

import msgspec

from responders.recovery.holds import Hold


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="event"):
    """Something that happened."""


class CauseRecorded(_Event, tag="cause-recorded", frozen=True):
    """People know why it happened."""

    words: str


class Staged(_Event, tag="staged", frozen=True):
    """The next step was put before the signers, in this form."""

    proposal: str
    """The digest that they sign, or the Governor's id of it."""
    number: int = 0
    """What beside its calls makes it this one: the Safe's nonce, or which try it is."""


class Approved(_Event, tag="approved", frozen=True):
    """One signer agreed to that form; who records it has checked the signature."""

    proposal: str
    signer: str


class CarriedOut(_Event, tag="carried-out", frozen=True):
    """The chain shows that it was done."""

    proposal: str


class Observed(_Event, tag="observed", frozen=True):
    """The invariants after one block: all hold, or not."""

    block: int
    green: bool


class Elapsed(_Event, tag="elapsed", frozen=True):
    """Block time has come to this."""

    now: int


class BrakedAgain(_Event, tag="braked-again", frozen=True):
    """A brake was set anew, a renewal included: what was fixed did not hold, or is not yet."""

    hold: Hold


Event = CauseRecorded | Staged | Approved | CarriedOut | Observed | Elapsed | BrakedAgain
