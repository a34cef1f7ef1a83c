"""A brake before it has a nonce: is it still wanted, is it still needed, would it work?"""

import msgspec

from responders.adapters.base import Condition, Outcome, Trial
from responders.entries import Step
from responders.guard import too_old
from responders.healing import renews
from responders.ledger import Course, Ledger
from responders.levers import Lever, Levers, lever_of
from responders.outlook import Outlook
from runtime.logs import logger

_log = logger(__name__)


class Preparation:
    """Ends brakes that should not, need not or cannot be pulled; gives the others their nonce."""

    def __init__(self, outlook: Outlook, ledger: Ledger, levers: Levers) -> None:
        self._outlook = outlook
        self._ledger = ledger
        self._levers = levers

    def rehearse(self, course: Course) -> Step | None:
        """Do for a proposed brake, in dry-run, all that precedes signing."""
        if self._outlook.armed:
            return None  # it waits to be judged, with its alert
        trial = self._try(course)
        if isinstance(trial, Step):
            return trial
        reason = f"dry-run, nothing was sent: {trial.reason}"
        return course.then("rehearsed", reason, terms=course.action.terms)

    def prepare(self, course: Course) -> Step:
        """Give an authorised brake its nonce, or end it."""
        if not self._outlook.armed:
            return course.then("refused", "disarmed before it was signed")
        trial = self._try(course)
        if isinstance(trial, Step):
            return trial
        sender = str(self._outlook.account.address)
        nonce = self._ledger.next_nonce(sender, self._outlook.nonce)
        step = course.then("nonce-reserved", trial.reason, nonce=nonce)
        return msgspec.structs.replace(step, sender=sender)

    def _try(self, course: Course) -> Step | Trial:
        """Return a trial that promises to brake, or the step that ends this brake."""
        lever = lever_of(self._levers, course.action)
        if lever is None:
            return course.then("refused", "no manifest has this brake any more")
        if too_old(course.step.block, self._outlook.head, lever.limits) and not (
            self._outlook.still_at_risk(course.action.protocol, course.step.cause)
        ):
            return course.then("refused", "the alert grew too old before the brake was signed")
        trial = self._simulate(lever, course)
        if trial.outcome is Outcome.BRAKED_ALREADY:
            return course.then("satisfied", trial.reason)
        if trial.outcome is Outcome.WOULD_FAIL:
            _log.error("brake_would_fail", action=course.action.action, reason=trial.reason)
            return course.then("failed", trial.reason)
        return trial

    def _simulate(self, lever: Lever, course: Course) -> Trial:
        block = max(self._outlook.head, course.step.block)
        if not renews(course.action) and lever.adapter.probe(block) is Condition.BRAKED:
            return Trial(Outcome.BRAKED_ALREADY, f"braked already at block {block}")
        address = self._outlook.account.address
        if address is None:
            return Trial(Outcome.WOULD_BRAKE, "not simulated: no account is configured")
        needed = lever.adapter.plan().gas * self._outlook.fee.ceiling
        if self._outlook.balance < needed:
            # Signed, it would hold its nonce and brake out of the blue once the account is funded.
            held = f"the account holds {self._outlook.balance} wei, a brake may need {needed}"
            return Trial(Outcome.WOULD_FAIL, held)
        return lever.adapter.simulate(course.action.action, address, block)
