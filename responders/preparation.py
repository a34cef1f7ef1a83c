"""A brake before it has a nonce: is it still wanted, is it still needed, would it work?"""

import msgspec

from responders.adapters.base import Condition, Outcome, Trial
from responders.agreement import Agreement, question_of
from responders.consents import GAS
from responders.entries import Step
from responders.guard import too_old
from responders.ledger import Course, Ledger
from responders.levers import Lever, Levers, lever_of, pulled_by
from responders.outlook import Outlook
from responders.submission import Submission
from responders.voices import Voices
from responders.witness import Witness, tried
from runtime.logs import logger
from schemas.consents import Consent

_log = logger(__name__)

_GOES_ON = ("consented", "nonce-reserved", "satisfied")


class Preparation:
    """Ends brakes that should not, need not or cannot be pulled; gives the others their nonce."""

    def __init__(
        self,
        outlook: Outlook,
        ledger: Ledger,
        levers: Levers,
        submission: Submission,
        witness: Witness | None = None,
    ) -> None:
        """With a `witness`, two nodes have to see the same before a brake goes on, or ends."""
        self._outlook = outlook
        self._witness = witness
        self._ledger = ledger
        self._submission = submission
        self._levers = levers
        self._agreement = Agreement(outlook, Voices(levers))

    def rehearse(self, course: Course) -> Step | None:
        """Do for a proposed brake, in dry-run, all that precedes signing."""
        if self._outlook.armed:
            return None  # it waits to be judged, with its alert
        trial = self._try(course)
        if not isinstance(trial, Trial):
            return trial
        reason = f"dry-run, nothing was sent: {trial.reason}"
        decided = course.action
        terms = (*decided.terms, *decided.further)
        return course.then(
            "rehearsed", reason, terms=terms, heard=decided.heard, reach=decided.reach
        )

    def prepare(self, course: Course) -> Step | None:
        """Give an authorised brake its nonce, or end it; None while nodes disagree."""
        if not self._outlook.armed:
            return course.then("refused", "disarmed before it was signed")
        trial = self._try(course)
        if not isinstance(trial, Trial):
            return trial
        lever = pulled_by(self._levers, course.action)
        question = question_of(lever, self._outlook.head)
        if question is not None:
            return self._agreement.word(course, lever, question)
        if lever.proposed:
            return self._submission.draft(course)
        return self._numbered(course, trial.reason)

    def gather(self, course: Course) -> Step | None:
        """Give a brake that operators agree on its nonce, say yes again where the first one is not
        worth anything any more, or end it; None while it waits for them.

        While this operator's word may still be used, its brake ends only where it is done.
        """
        step = self._gathered(course)
        if step is None or step.action.state in _GOES_ON or self._agreement.ran_out(course):
            return step
        return None

    def _gathered(self, course: Course) -> Step | None:
        known = lever_of(self._levers, course.action)
        if known is not None and known.adapter.probe(self._outlook.head) is Condition.BRAKED:
            return course.then("satisfied", "operators agreed: the target is braked")
        trial = self._try(course)
        if not isinstance(trial, Trial):
            return trial
        if course.step.void or not self._outlook.armed:
            why = "its alert was withdrawn" if course.step.void else "it was disarmed"
            return course.then("refused", f"{why} while it waited for other operators")
        return self._agreed(course, pulled_by(self._levers, course.action))

    def _agreed(self, course: Course, lever: Lever) -> Step | None:
        question = question_of(lever, self._outlook.head)
        if question is None:
            return course.then("refused", "no operators have a say in this brake any more")
        call = self._agreement.reached(course, lever, question)
        if call is not None:
            agreed = f"enough operators agree in round {question.round}"
            return self._numbered(course, agreed, call.data)
        if self._agreement.again(course, question):
            return self._agreement.word(course, lever, question)
        return None

    def hear(self, word: Consent) -> bool:
        """Hear an operator's word; say whether it may count. Raises `PoisonRecordError` for one
        that nobody of its quorum said."""
        return self._agreement.hear(word)

    def _numbered(self, course: Course, reason: str, data: str = "") -> Step:
        sender = str(self._outlook.account.address)
        nonce = self._ledger.next_nonce(sender, self._outlook.nonce)
        step = course.then("nonce-reserved", reason, nonce=nonce)
        return msgspec.structs.replace(step, sender=sender, data=data)

    def _try(self, course: Course) -> Step | Trial | None:
        """Return a trial that promises to brake, or the step that ends this brake; None while nodes
        contradict each other: that is no yes, and is tried again on the next block."""
        lever = lever_of(self._levers, course.action)
        if lever is None:
            return course.then("refused", "no manifest has this brake any more")
        if too_old(course.step.block, self._outlook.head, lever.limits) and not (
            self._outlook.still_at_risk(course.action.protocol, course.step.cause)
        ):
            return course.then("refused", "the alert grew too old before the brake was signed")
        block = max(self._outlook.head, course.step.block)
        address = self._outlook.account.address
        trial = tried(lever, course.action, address, block)
        if self._witness and self._witness.contradicts(course.action, address, trial, block):
            return None
        if trial.outcome is Outcome.WOULD_BRAKE and (poor := self._short_of_funds(lever)):
            trial = Trial(Outcome.WOULD_FAIL, poor)
        if trial.outcome is Outcome.BRAKED_ALREADY:
            return course.then("satisfied", trial.reason)
        if trial.outcome is Outcome.WOULD_FAIL:
            _log.error("brake_would_fail", action=course.action.action, reason=trial.reason)
            return course.then("failed", trial.reason)
        return trial

    def _short_of_funds(self, lever: Lever) -> str:
        """Return why the account cannot pay, '' when it can. Signed all the same, a brake would
        hold its nonce, and brake out of the blue once the account is funded."""
        if lever.proposed:
            return ""
        gas = max(lever.adapter.plan().gas, 0 if lever.quorum is None else GAS)
        needed = gas * self._outlook.fee.ceiling
        if self._outlook.account.address is None or self._outlook.balance >= needed:
            return ""
        return f"the account holds {self._outlook.balance} wei, a brake may need {needed}"
