"""The way back of one case: what has to be true before what. Pure: no clock, no IO.

Root cause recorded -> fix staged, approved, carried out -> invariants green for N blocks -> caps
raised in stages, each approved by the quorum, each followed by N green blocks -> closed.

Guarantees, over every sequence of events:
- What is released rises only by a step that the quorum approved in exactly the form in which it was
  carried out, on N green blocks in a row; or by the expiry that was fixed when the brake was set.
- An approval counts for the proposal that was staged and no other. A red block withdraws a release
  that is staged, with every approval it had: they were given before it was known.
- A block that was not judged is not green: a gap, or a reorg, starts the count again.
- A refused event changes nothing.
"""

from dataclasses import dataclass, replace

from responders.recovery.events import (
    Approved,
    BrakedAgain,
    CarriedOut,
    CauseRecorded,
    Elapsed,
    Event,
    Observed,
    Staged,
)
from responders.recovery.holds import Hold
from schemas.errors import ConfigurationError
from schemas.incidents import Phase

FULL = 10_000
"""All of what the caps are in ordinary times, in basis points."""


class NotYetError(ConfigurationError):
    """Leave everything as it is: the message says what has to happen first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What people agreed on when the case was opened.

    Raises `ConfigurationError` for terms under which a release would mean nothing.
    """

    signers: frozenset[str]
    """Owners of the Safe; or a Governor alone, which counts its votes itself."""
    quorum: int
    green_blocks: int
    ramp: tuple[int, ...]
    """The caps of each stage, in basis points of the ordinary ones; each higher than the last."""

    def __post_init__(self) -> None:
        if not 1 <= self.quorum <= len(self.signers):
            raise ConfigurationError(f"a quorum of {self.quorum} among {len(self.signers)} signers")
        if self.green_blocks < 1:
            raise ConfigurationError("at least one block has to be green before a release")
        stages = (0, *self.ramp)
        rises = all(low < high for low, high in zip(stages, self.ramp, strict=False))
        if not rises or stages[-1] != FULL:
            raise ConfigurationError(f"the ramp has to rise to {FULL}: {self.ramp}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a case has come."""

    terms: Terms
    hold: Hold
    cause: str = ""
    block: int | None = None
    """The newest block whose invariants were judged."""
    green: int = 0
    """How many blocks in a row were green, up to that one, since the last step."""
    done: int = 0
    """How many steps were carried out: first the fix, then the stages of the ramp."""
    proposal: str = ""
    """The digest of what is staged as the next step, '' for nothing."""
    approvals: frozenset[str] = frozenset()
    lapsed: bool = False

    @property
    def released(self) -> int:
        """How much is let through again, in basis points."""
        if self.lapsed:
            return FULL
        return self.terms.ramp[self.done - 2] if self.done > 1 else 0

    @property
    def settled(self) -> bool:
        """Whether enough blocks in a row were green since the last step."""
        return self.green >= self.terms.green_blocks

    @property
    def finished(self) -> bool:
        """Whether every step was carried out."""
        return self.done > len(self.terms.ramp)

    @property
    def phase(self) -> Phase:
        """The phase of the case, by NIST SP 800-61r3: containing and eradicating is Respond."""
        if self.cause and self.settled and (self.finished or self.lapsed):
            return "closed"
        return "recover" if self.done or self.lapsed else "respond"


def advance(course: Course, event: Event) -> Course:  # noqa: PLR0911 - one line for each event
    """Return the course after an event. Raises `NotYetError` for one that must not happen yet."""
    match event:
        case CauseRecorded(words=words):
            _require(words.strip(), "say what the cause was")
            return replace(course, cause=words)
        case Staged(proposal=proposal):
            _require(course.cause, "record the root cause before anything is staged")
            _require(not course.finished, "every step was carried out")
            return replace(course, proposal=proposal, approvals=frozenset())
        case Approved(proposal=proposal, signer=signer):
            _require_staged(course, proposal)
            _require(signer in course.terms.signers, f"{signer} is no signer of this case")
            return replace(course, approvals=course.approvals | {signer})
        case CarriedOut(proposal=proposal):
            return _carried_out(course, proposal)
        case Observed(block=block, green=green):
            return _observed(course, block, green)
        case Elapsed(now=now):
            _require(course.hold.expired(now), f"the brake holds: {course.hold.release}")
            return course if course.lapsed else replace(course, lapsed=True, green=0)
        case BrakedAgain(hold=hold):
            return Course(terms=course.terms, hold=hold, block=course.block)


def missing(course: Course) -> tuple[str, ...]:
    """Return what has to happen before the next step may be carried out, in order."""
    if course.finished:
        return ()
    lacking = course.terms.quorum - len(course.approvals)
    blocks = course.terms.green_blocks - course.green
    checks = (
        (not course.cause, "record the root cause"),
        (not course.proposal, "stage the proposal"),
        (lacking > 0, f"{lacking} more of {len(course.terms.signers)} signers approve"),
        (course.done and blocks > 0, f"invariants green for {blocks} more blocks"),
    )
    return tuple(words for lacks, words in checks if lacks)


def _carried_out(course: Course, proposal: str) -> Course:
    _require_staged(course, proposal)
    lacks = missing(course)
    _require(not lacks, "; ".join(lacks))
    return replace(course, done=course.done + 1, green=0, proposal="", approvals=frozenset())


def _observed(course: Course, block: int, green: bool) -> Course:  # noqa: FBT001 - private
    counting = course.done > 0 or course.lapsed
    follows = course.block is not None and block == course.block + 1
    run = (course.green if follows else 0) + 1 if green and counting else 0
    course = replace(course, block=block, green=run)
    if green or not course.done:
        return course
    return replace(course, proposal="", approvals=frozenset())


def _require_staged(course: Course, proposal: str) -> None:
    _require(course.proposal, "nothing is staged")
    _require(proposal == course.proposal, f"staged is {course.proposal}, not {proposal}")


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise NotYetError(otherwise)
