"""A brake from its nonce to finality.

One nonce per brake, for ever: every retry is the same transaction, or one with a higher fee and the
same nonce, so the chain takes at most one of them. A new nonce is taken only once another
transaction has consumed the old one, at finality. Once it has a nonce, a brake is carried through
however late it is: a nonce left unused would hold up every later brake of the account.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from responders.adapters.base import Check
from responders.chain import Call, Receipt, Sending
from responders.consents import GAS
from responders.entries import Step, passed
from responders.fees import Fee, ahead, raised
from responders.ledger import Course
from responders.levers import Lever, Levers, lever_of
from responders.outlook import Outlook
from responders.relay import Relay
from responders.transactions import fee_of
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.actions import Term

_log = logger(__name__)

_HOLDS = "holds"

_RACES = "ahead_of_attack"
"""Marks a transaction that is to be in the attack's own block."""

_PRIVATE = "private"
"""Marks the step by which the relay alone has the brake."""

Fault = Literal[
    "brake_not_taken",
    "brake_not_signed",
    "brake_at_fee_cap",
    "brake_does_not_hold",
    "brake_overtaken",
    "relay_not_taken",
]
"""What may be wrong with a brake; the names of its log lines, and of its metric's label."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in blocks."""

    replace: int = 3
    """Until a transaction that is not mined is replaced."""
    final: int = 64
    """Until a block counts as final."""


class Delivery:
    """Signs, sends, replaces and watches; every act follows from the journal and the chain."""

    def __init__(
        self,
        outlook: Outlook,
        levers: Levers,
        patience: Patience,
        clock: Clock,
        metrics: Metrics,
        relay: Relay | None = None,
    ) -> None:
        """With a `relay`, it has a brake's first transaction for some blocks before the pool."""
        self._relay = relay
        self._outlook = outlook
        self._chain = outlook.chain
        self._levers = levers
        self._patience = patience
        self._clock = clock
        self._faults = metrics.brake_faults
        for lever in levers.values():
            for fault in get_args(Fault):
                self._faults.labels(lever.manifest.protocol, fault)

    def sign(self, course: Course) -> Step | None:
        """Sign the brake with its nonce; with a higher fee than its attack's, while that waits."""
        if not self._outlook.armed:
            self._tell("brake_not_signed", course, armed=False)
            return None
        reason = "signed, and on disk before it is sent"
        attack = self._chain.offer(course.step.cause) if course.step.cause else None
        if attack is None:
            return self._signed(course, self._outlook.fee, reason)
        fee = ahead(self._outlook.fee, attack, self._outlook.fee_cap)
        if fee.tip <= attack.tip or fee.ceiling <= attack.ceiling:
            self._tell("brake_at_fee_cap", course, cap=self._outlook.fee_cap)
        step = self._signed(course, fee, f"{reason}; ahead of the attack, which still waits")
        if step is None:
            return None
        action = msgspec.structs.replace(step.action, terms=(Term(name=_RACES, value=1.0),))
        return msgspec.structs.replace(step, action=action)

    def send(self, course: Course) -> Step | None:
        """Hand the newest transaction to the relay, the first time, or to the node."""
        if not self._outlook.armed:
            mined = self._receipt(course) is not None
            return course.then("broadcast", "found on the chain") if mined else None
        races = any(term.name == _RACES for term in course.action.terms)
        first = course.state == "signed" and len(course.attempts) == 1 and not races
        return (self._privately(course) if first else None) or self._publicly(course)

    def watch(self, course: Course) -> Step | None:
        """See whether one of the brake's transactions was mined; replace it when it takes long."""
        receipt = self._receipt(course)
        if receipt is not None:
            return self._included(course, receipt)
        nonce = course.action.nonce or 0
        if self._outlook.nonce > nonce:
            return self._overtaken(course, nonce)
        if not self._outlook.armed:
            return None
        if any(term.name == _PRIVATE for term in course.action.terms):
            alone = self._relay.blocks if self._relay is not None else 0
            return None if self._waited(course) < alone else self._publicly(course)
        if self._waited(course) < self._patience.replace:
            return None
        replacement = self._raised(course)
        if replacement is None:
            self._chain.send(course.attempts[-1].raw)  # the node may have dropped it
        return replacement

    def settle(self, course: Course) -> Step | None:
        """See whether the block that included the brake is final, or has left the chain."""
        action = course.action
        receipt = self._chain.receipt(action.tx)
        if receipt is None or receipt.block_hash != action.block_hash:
            if not course.attempts:
                left = "another replica sent it, and its block left the chain"
                return course.then("refused", left)
            return course.then("reorged", f"block {action.block} left the chain; sent again")
        if self._outlook.head - receipt.block < self._patience.final:
            return None
        holds = any(term.name == _HOLDS and term.value for term in action.terms)
        if not holds:
            return course.then("failed", action.reason)
        return course.then("final" if receipt.ok else "satisfied", action.reason)

    def _privately(self, course: Course) -> Step | None:
        """Hand the brake to the relay; None without one, or if it does not take it."""
        if self._relay is None:
            return None
        sending, words = self._relay.send(course.attempts[-1].raw, self._outlook.head)
        if sending is Sending.REFUSED:
            self._tell("relay_not_taken", course, reason=words)
            return None
        return self._sent(course, "handed to the relay", (Term(name=_PRIVATE, value=1.0),))

    def _publicly(self, course: Course) -> Step | None:
        """Hand the brake to the node."""
        sending, words = self._chain.send(course.attempts[-1].raw)
        if sending is Sending.FEE_TOO_LOW and course.state == "signed":
            return self._raised(course)
        if sending is Sending.REFUSED:
            self._tell("brake_not_taken", course, reason=words)
            return None
        return self._sent(course, f"handed to the node: {sending.value}")

    def _sent(self, course: Course, reason: str, terms: tuple[Term, ...] = ()) -> Step:
        step = course.then(
            "broadcast", reason, block=self._outlook.head, block_hash="", terms=terms
        )
        return passed(step, "sent", self._clock.now_ns())

    def _signed(self, course: Course, fee: Fee, reason: str) -> Step | None:
        signer, lever = self._outlook.account.signer, lever_of(self._levers, course.action)
        if signer is None or lever is None:
            self._tell("brake_not_signed", course, armed=self._outlook.armed)
            return None
        signed = signer.sign(_call(course, lever), course.action.nonce or 0, fee)
        step = course.then(
            "signed", reason, tx=signed.tx, fee=str(fee.ceiling), block=self._outlook.head
        )
        return msgspec.structs.replace(step, raw=signed.raw)

    def _raised(self, course: Course) -> Step | None:
        """Sign the same brake with the same nonce and a fee that replaces the last one."""
        before = fee_of(course.attempts[-1].raw)
        fee = raised(before, self._outlook.fee, self._outlook.fee_cap)
        if fee is None:
            self._tell("brake_at_fee_cap", course, cap=self._outlook.fee_cap)
            return None
        return self._signed(course, fee, f"not mined yet: fee raised to {fee.ceiling} wei per gas")

    def _tell(self, fault: Fault, course: Course, **circumstances: object) -> None:
        """Tell people of a brake that does not get on by itself."""
        self._faults.labels(course.action.protocol, fault).inc()
        _log.error(fault, action=course.action.action, **circumstances)

    def _waited(self, course: Course) -> int:
        return self._outlook.head - (course.action.block or 0)

    def _receipt(self, course: Course) -> Receipt | None:
        receipts = (self._chain.receipt(attempt.tx) for attempt in reversed(course.attempts))
        return next((receipt for receipt in receipts if receipt is not None), None)

    def _included(self, course: Course, receipt: Receipt) -> Step:
        check = self._verified(course, receipt)
        if not check.holds:
            self._tell("brake_does_not_hold", course, reason=check.reason)
        step = course.then(
            "included",
            check.reason,
            tx=receipt.tx,
            block=receipt.block,
            block_hash=receipt.block_hash,
            terms=(Term(name=_HOLDS, value=float(check.holds)),),
        )
        return passed(step, "mined", self._clock.now_ns())

    def _verified(self, course: Course, receipt: Receipt) -> Check:
        lever = lever_of(self._levers, course.action)
        if lever is None:
            return Check(
                receipt.ok, "no manifest has this brake any more: only its receipt is seen"
            )
        return lever.adapter.verify(receipt)

    def _overtaken(self, course: Course, nonce: int) -> Step | None:
        """Start over once the nonce was consumed by a transaction that is not ours, at finality."""
        final = max(0, self._outlook.head - self._patience.final)
        if self._chain.nonce(course.step.sender, final) <= nonce:
            self._tell("brake_overtaken", course, nonce=nonce)
            return None
        return course.then("authorised", f"another transaction consumed nonce {nonce}, for good")


def _call(course: Course, lever: Lever) -> Call:
    """Return what is sent: what was settled with the nonce, else as it has to be now."""
    if course.step.data and lever.quorum is not None:
        return Call(lever.quorum.contract, course.step.data, GAS)
    return lever.adapter.call(course.action.action)
