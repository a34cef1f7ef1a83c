"""Takes brakes from step to step.

Each step follows from the journal and the chain alone; it is written down, and only then the next
one acts on it. So a restart goes on from the last line as if nothing had happened.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from responders.book import Book
from responders.delivery import Delivery
from responders.entries import Step
from responders.ledger import Course
from responders.outlook import Outlook
from responders.preparation import Preparation
from responders.submission import Submission
from runtime.logs import logger
from schemas.consents import Consent
from schemas.errors import TransientError

_log = logger(__name__)

_NOT_SENT = frozenset({"authorised", "consented", "drafted", "nonce-reserved", "signed"})
"""Where no transaction or proposal of a brake was shown to anybody yet, though a word to other
operators may have been; to go on from here takes the lead. What was sent is carried through without
it: whatever follows has the same nonce, or comes back here first."""

_MOST_WRITES = 10
"""In one go. More than a whole course takes: nodes that contradict each other must not trap us."""


class Lead(Protocol):
    """Whether this is the replica that acts."""

    @property
    def confirmed(self) -> bool:
        """Whether it is, for all that is known; asks nobody."""
        ...

    def hold(self) -> None:
        """Return once it is certain. Raises `TransientError` when another one may act."""
        ...


class Alone:
    """The lead of who has no other replica beside it."""

    confirmed = True

    def hold(self) -> None:
        """Return."""


ALONE = Alone()


class Executor:
    """Advances brakes until each has ended or has to wait."""

    def __init__(
        self,
        book: Book,
        outlook: Outlook,
        preparation: Preparation,
        delivery: Delivery,
        submission: Submission,
        lead: Lead = ALONE,
    ) -> None:
        self.lead = lead
        """Looked at before a brake is signed, or sent, for the first time."""
        self._book = book
        self._outlook = outlook
        self._preparation = preparation
        self._unanswered: set[str] = set()
        self._acts: dict[str, Callable[[Course], Step | None]] = {
            "proposed": preparation.rehearse,
            "authorised": preparation.prepare,
            "consented": preparation.gather,
            "drafted": submission.post,
            "submitted": submission.watch,
            "nonce-reserved": delivery.sign,
            "signed": delivery.send,
            "broadcast": delivery.watch,
            "included": delivery.settle,
            "reorged": delivery.send,
        }

    def resume(self) -> None:
        """Begin after a restart: a brake that was never judged waits for its alert, read again."""
        for course in self._book.ledger.open():
            if course.state == "proposed":
                self._book.write(course.then("refused", "interrupted before it was judged"))

    def withdraw(self, alert: str) -> None:
        """End the brakes that wait, without a nonce yet, on an alert that no longer holds."""
        reason = "the alert was withdrawn: its block left the chain"
        for course in self._book.ledger.open():
            if alert not in (course.action.alert, course.action.linked):
                continue
            if course.state in ("proposed", "authorised", "drafted"):
                self._book.write(course.then("refused", reason))
            elif course.state == "consented" and not course.step.void:
                # The word is out; it is kept in mind until it has run out.
                step = course.then("consented", reason)
                kept = course.step.consent
                self._book.write(msgspec.structs.replace(step, consent=kept, void=True))

    def hear(self, word: Consent) -> bool:
        """Hear an operator's word; say whether it may count. Raises `PoisonRecordError` for one
        that nobody of its quorum said."""
        return self._preparation.hear(word)

    def gather(self) -> None:
        """Advance the brakes that wait for other operators."""
        for course in self._book.ledger.open():
            if course.state == "consented":
                self.advance(course.action.action)

    @property
    def head(self) -> int:
        """The newest block that the node was seen to have."""
        return self._outlook.head

    @property
    def time(self) -> int:
        """That block's time."""
        return self._outlook.time

    def look(self) -> None:
        """Look at the chain, and advance the brakes for which something is new: another head, or a
        node that answers again.

        Raises `TransientError` when no node answers.
        """
        changed = self._outlook.refresh()
        for course in self._book.ledger.open():
            if changed or course.action.action in self._unanswered:
                self.advance(course.action.action)

    def advance(self, action: str) -> None:
        """Take the steps that can be taken now; what no node answers is tried again next time.

        Raises `UnsafeToContinueError` when a step cannot be written down; it was not acted on then.
        """
        self._unanswered.discard(action)
        try:
            for _ in range(_MOST_WRITES):
                steps = self._steps(self._book.ledger.courses[action])
                if not steps:
                    return
                self._book.write(*steps)
        except TransientError as error:
            self._unanswered.add(action)
            _log.warning("brake_waits", action=action, error=str(error))

    def _steps(self, course: Course) -> list[Step]:
        """Return what is written down next, in one go.

        Signing shows nothing to anybody, so a nonce and its transaction go to disk together: a
        brake waits for the disk twice before it is sent, not three times.
        """
        if course.state in _NOT_SENT and not self.lead.confirmed:
            raise TransientError("another replica may lead now")
        act = self._acts.get(course.state)
        step = act(course) if act else None
        if step is None:
            return []
        if step.action.state != "nonce-reserved":
            return [step]
        return [step, *self._steps(Course(step))]
