"""A brake before it has a nonce: is it still wanted, is it still needed, would it work?"""

import msgspec

from responders.adapters.base import Outcome, Trial
from responders.entries import Step
from responders.guard import too_old
from responders.ledger import Course, Ledger
from responders.levers import Lever, Levers, lever_of
from responders.outlook import Outlook
from responders.witness import Witness, tried
from runtime.logs import logger

_log = logger(__name__)


class Preparation:
    """Ends brakes that should not, need not or cannot be pulled; gives the others their nonce."""

    def __init__(
        self, outlook: Outlook, ledger: Ledger, levers: Levers, witness: Witness | None = None
    ) -> None:
        """With a `witness`, two nodes have to see the same before a brake goes on, or ends."""
        self._outlook = outlook
        self._witness = witness
        self._ledger = ledger
        self._levers = levers

    def rehearse(self, course: Course) -> Step | None:
        """Do for a proposed brake, in dry-run, all that precedes signing."""
        if self._outlook.armed:
            return None  # it waits to be judged, with its alert
        trial = self._try(course)
        if not isinstance(trial, Trial):
            return trial
        reason = f"dry-run, nothing was sent: {trial.reason}"
        decided = course.action
        return course.then("rehearsed", reason, terms=decided.terms, heard=decided.heard)

    def prepare(self, course: Course) -> Step | None:
        """Give an authorised brake its nonce, or end it; None while nodes disagree."""
        if not self._outlook.armed:
            return course.then("refused", "disarmed before it was signed")
        trial = self._try(course)
        if not isinstance(trial, Trial):
            return trial
        sender = str(self._outlook.account.address)
        nonce = self._ledger.next_nonce(sender, self._outlook.nonce)
        step = course.then("nonce-reserved", trial.reason, nonce=nonce)
        return msgspec.structs.replace(step, sender=sender)

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
        if self._witness and self._witness.contradicts(lever, course.action, address, trial, block):
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
        needed = lever.adapter.plan().gas * self._outlook.fee.ceiling
        if self._outlook.account.address is None or self._outlook.balance >= needed:
            return ""
        return f"the account holds {self._outlook.balance} wei, a brake may need {needed}"
