"""A brake that only a Safe's owners may pull: put before them, and watched until they did.

Signing shows nothing to anybody, so the signed proposal is on disk before it is posted (`drafted`),
and after a crash the same one is posted again: the service knows it by its hash. A proposal has no
power. The owners decide, and what is left over they delete; this automation signs no vote.
"""

from dataclasses import replace
from typing import Literal, NamedTuple, get_args

import msgspec

from responders.adapters.base import Condition
from responders.adapters.calls import called, word
from responders.entries import Step
from responders.ledger import Course
from responders.levers import Levers, lever_of
from responders.outlook import Outlook
from responders.pace import Pace
from responders.safe_service import Proposer, SafeService
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.safe_transactions import SafeTransaction
from schemas.errors import ConfigurationError, TransientError

_log = logger(__name__)

POST_SECONDS = 1.0
"""To connect to the service, and for its answer: other brakes wait meanwhile."""

LONGEST_WAIT = 86_400
"""Seconds after the alert for which owners are waited for, and asked again when the nonce was used
for something else."""

Fault = Literal["proposal_not_taken", "proposal_not_signed"]
"""What may be wrong with a proposal; the names of its log lines, and of its metric's label."""


class Notices(NamedTuple):
    """Where brakes are put before owners, and by whom."""

    service: SafeService
    proposer: Proposer


class Submission:
    """Drafts proposals, posts them, and watches what becomes of them.

    Who refuses, or does not answer, is asked again on a later block, each time twice as late
    (`responders.pace`).
    """

    def __init__(
        self, outlook: Outlook, levers: Levers, metrics: Metrics, notices: Notices | None = None
    ) -> None:
        """Without `notices`, as in a dry-run, nothing is proposed."""
        self._outlook = outlook
        self._levers = levers
        self._notices = notices
        self._pace = Pace()
        self._faults = metrics.brake_faults
        for lever in levers.values():
            for fault in get_args(Fault) if lever.proposed else ():
                self._faults.labels(lever.manifest.protocol, fault)

    def draft(self, course: Course) -> Step | None:
        """Sign the proposal, for the nonce that the Safe is at; None while nobody signs it.

        Raises `NotNowError` when there is no nonce.
        """
        name, now = course.action.action, self._outlook.time
        if not self._pace.due(name, now):
            return None
        made = self._made(course)
        if self._notices is None or made is None or not self._outlook.armed:
            self._pace.in_vain(name, now)
            self._tell("proposal_not_signed", course, armed=self._outlook.armed)
            return None
        proposer = self._notices.proposer
        owner = called("isOwner(address)", proposer.address)
        if word(self._outlook.chain, made.safe, owner, self._outlook.head) != 0:
            return course.then(
                "failed", f"{proposer.address} is an owner of the Safe: it would vote, not propose"
            )
        try:
            signature = proposer.sign_safe(made)
        except TransientError as error:
            self._pace.in_vain(name, now)
            self._tell("proposal_not_signed", course, reason=str(error))
            return None
        step = course.then(
            "drafted", f"a proposal for nonce {made.nonce} of the Safe", nonce=made.nonce
        )
        return msgspec.structs.replace(step, raw=signature, data=made.data)

    def post(self, course: Course) -> Step | None:
        """Post what is signed; None while the service does not answer."""
        made = self._made(course)
        if self._notices is None or made is None or not self._outlook.armed:
            return course.then("refused", "nobody proposes any more: disarmed, or not configured")
        if self._outlook.time - course.step.time > LONGEST_WAIT:
            return course.then("failed", "the Safe's service did not take it within a day")
        name, now = course.action.action, self._outlook.time
        if not self._pace.due(name, now):
            return None
        made = replace(made, nonce=course.action.nonce or 0, data=course.step.data)
        service, proposer = self._notices
        try:
            digest = service.post(made, proposer.address, course.step.raw)
        except (TransientError, ConfigurationError) as error:
            self._pace.in_vain(name, now)
            self._tell("proposal_not_taken", course, reason=str(error))
            lost = isinstance(error, ConfigurationError)
            return course.then("failed", str(error)) if lost else None
        self._pace.done(name)
        return course.then("submitted", f"before the Safe's owners as {digest}")

    def watch(self, course: Course) -> Step | None:
        """See whether the owners carried it out; ask again where they used the nonce otherwise."""
        lever = lever_of(self._levers, course.action)
        if lever is None:
            return course.then("failed", "no manifest has this brake any more")
        condition = lever.adapter.probe(self._outlook.head)
        if condition is Condition.BRAKED:
            return course.then("satisfied", "the target is braked")
        if self._outlook.time - course.step.time > LONGEST_WAIT:
            return course.then("failed", "the Safe's owners did not carry it out within a day")
        made = self._made(course)
        if made is None or made.nonce <= (course.action.nonce or 0):
            return None
        if condition is Condition.UNKNOWN:
            return course.then("failed", "the nonce was used; the target does not say for what")
        return self.draft(course)

    def _made(self, course: Course) -> SafeTransaction | None:
        lever = lever_of(self._levers, course.action)
        return None if lever is None else lever.adapter.proposal()

    def _tell(self, fault: Fault, course: Course, **circumstances: object) -> None:
        self._faults.labels(course.action.protocol, fault).inc()
        _log.error(fault, action=course.action.action, **circumstances)
