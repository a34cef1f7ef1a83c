"""No release without the quorum but the expiry fixed at the start: every way there is, and many
long ones. The oracle knows nothing of how a course keeps its books: it reads the events alone."""

from collections import deque
from dataclasses import replace as changed
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from responders.adapters.base import AlsoStops, Plan, Scope
from responders.recovery.course import FULL, Course, NotYetError, Terms, advance, missing
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
from responders.recovery.holds import Hold, UnboundedBrakeError, hold

TERMS = Terms(signers=frozenset("abc"), quorum=2, green_blocks=2, ramp=(1000, FULL))
BOUNDED, PEOPLE_ONLY = Hold("T1", 100), Hold("T2", None)


class Books(NamedTuple):
    """What an outsider notes of the events that went through."""

    cause: bool = False
    staged: str = ""
    agreed: frozenset[str] = frozenset()
    steps: int = 0
    greens: int = 0
    over: bool = False
    """The brake that is set now had an expiry, and block time has come to it."""

    def allow(self, event: Event, terms: Terms) -> bool:
        """Say whether a release by this event would be right."""
        if not isinstance(event, CarriedOut):
            return False
        enough = len(self.agreed & terms.signers) >= terms.quorum and self.cause
        return enough and event.proposal == self.staged and self.greens >= terms.green_blocks

    def after(self, event: Event, block: int | None, held: Hold) -> "Books":  # noqa: C901, PLR0911 - a case each
        """Note an event that went through; `block` is the one judged before."""
        match event:
            case CauseRecorded():
                return self._replace(cause=True)
            case Staged(proposal=proposal):
                return self._replace(staged=proposal, agreed=frozenset())
            case Approved(signer=signer):
                return self._replace(agreed=self.agreed | {signer})
            case CarriedOut():
                return self._replace(steps=self.steps + 1, greens=0, staged="", agreed=frozenset())
            case Observed(green=False):
                if self.steps:
                    return self._replace(greens=0, staged="", agreed=frozenset())
                return self._replace(greens=0)
            case Observed(block=now):
                if not self.steps and not self.over:
                    return self
                known = self.greens if block is not None and now == block + 1 else 0
                return self._replace(greens=min(known + 1, TERMS.green_blocks))
            case Elapsed(now=now):
                assert held.expires_at is not None
                assert now >= held.expires_at
                return self._replace(over=True, greens=self.greens if self.over else 0)
            case BrakedAgain():
                return Books()


def judged(before: Course, books: Books, event: Event) -> tuple[Course, Books]:
    """Take one event, and judge what it released."""
    try:
        after = advance(before, event)
    except NotYetError:
        return before, books
    if after.released > before.released:
        by_people = books.allow(event, before.terms) and books.steps > 0
        by_itself = isinstance(event, Elapsed) and before.hold.expired(event.now)
        assert by_people or by_itself, (before, event)
    if isinstance(event, CarriedOut):
        assert len(books.agreed) >= before.terms.quorum
        assert after.done == before.done + 1, "no step is skipped"
    return after, books.after(event, before.block, before.hold)


def events(course: Course) -> list[Event]:
    """Return everything that can happen next, in a small world."""
    block = course.block or 0
    return [
        CauseRecorded("an oracle"),
        CauseRecorded(" "),
        *(Staged(proposal) for proposal in "xy"),
        *(Approved(proposal, signer) for proposal in "xy" for signer in "abcs"),
        *(CarriedOut(proposal) for proposal in ("x", "y", "")),
        *(Observed(block + ahead, green) for ahead in (1, 2, 0) for green in (True, False)),
        Elapsed(99),
        Elapsed(100),
        BrakedAgain(BOUNDED),
        BrakedAgain(PEOPLE_ONLY),
    ]


def folded(course: Course) -> Course:
    """Return a course that differs only in what no rule looks at: height, and surplus of green."""
    block = None if course.block is None else 1
    return changed(course, block=block, green=min(course.green, course.terms.green_blocks))


def test_every_way_through_a_small_world_releases_by_the_quorum_or_by_expiry_alone() -> None:
    starts = [(Course(terms=TERMS, hold=first), Books()) for first in (BOUNDED, PEOPLE_ONLY)]
    seen, waiting, closed, moves = set(starts), deque(starts), 0, 0
    while waiting:
        course, books = waiting.popleft()
        for event in events(course):
            moves += 1
            after, noted = judged(course, books, event)
            state = folded(after), noted
            if state not in seen:
                seen.add(state)
                waiting.append(state)
                closed += after.phase == "closed"
    assert closed, "and it can be gone through to the end"
    assert (len(seen), moves) == (510, 12_750), "a change of the rules is seen here"


class Recovery(RuleBasedStateMachine):
    """Long ways, with more signers and stages, and heights as they come."""

    terms = Terms(signers=frozenset("abcde"), quorum=3, green_blocks=2, ramp=(500, 2500, FULL))

    def __init__(self) -> None:
        super().__init__()
        self.course = Course(terms=self.terms, hold=BOUNDED)
        self.books = Books()

    def take(self, event: Event) -> None:
        self.course, self.books = judged(self.course, self.books, event)

    @rule()
    def cause(self) -> None:
        self.take(CauseRecorded("a key was stolen"))

    @rule(proposal=st.sampled_from("xy"))
    def stage(self, proposal: str) -> None:
        self.take(Staged(proposal))

    @rule(proposal=st.sampled_from("xy"), signers=st.sets(st.sampled_from("abcdes")))
    def approve(self, proposal: str, signers: set[str]) -> None:
        for signer in sorted(signers):
            self.take(Approved(proposal, signer))

    @rule(proposal=st.sampled_from("xy"))
    def carry_out(self, proposal: str) -> None:
        self.take(CarriedOut(proposal))

    @rule(ahead=st.integers(-2, 3), green=st.booleans())
    def observe(self, ahead: int, green: bool) -> None:  # noqa: FBT001 - given by name
        self.take(Observed(max(0, (self.course.block or 0) + ahead), green))

    @rule()
    def settle(self) -> None:
        for _ in range(2):
            self.take(Observed((self.course.block or 0) + 1, green=True))

    @rule(now=st.integers(0, 200))
    def elapse(self, now: int) -> None:
        self.take(Elapsed(now))

    @rule(held=st.sampled_from([PEOPLE_ONLY, PEOPLE_ONLY, BOUNDED]))
    def brake_again(self, held: Hold) -> None:
        self.take(BrakedAgain(held))

    @invariant()
    def people_s_brake_never_lapses(self) -> None:
        assert not (self.course.lapsed and self.course.hold.expires_at is None)

    @invariant()
    def what_is_missing_is_what_is_refused(self) -> None:
        if self.course.proposal and missing(self.course):
            with pytest.raises(NotYetError):
                advance(self.course, CarriedOut(self.course.proposal))


TestRecovery = Recovery.TestCase

SCOPES: st.SearchStrategy[Scope] = st.sampled_from(["T1", "T2", "T3"])
TIMES = st.none() | st.integers(0, 10**6)


@given(scope=SCOPES, evidence=SCOPES, lapses=TIMES, set_at=st.integers(0, 10**6), expires=TIMES)
def test_no_narrow_brake_is_without_an_end_or_the_evidence_for_a_broad_one(
    scope: Scope, evidence: Scope, lapses: int | None, set_at: int, expires: int | None
) -> None:
    plan = Plan("0x", "0x", 1, scope, AlsoStops("nothing"), lapses_after=lapses)
    try:
        made = hold(plan, evidence, set_at, expires)
    except UnboundedBrakeError:
        return
    if scope == "T1" and lapses is not None:
        assert made.expires_at is not None, "the target can expire"
    if scope == "T1" and lapses is None:
        assert made.release == "released by people only"
        assert evidence != "T1"
    if made.expires_at is not None:
        assert lapses is not None
        assert set_at < made.expires_at <= set_at + lapses
        assert not made.expired(made.expires_at - 1)
        assert made.expired(made.expires_at)
