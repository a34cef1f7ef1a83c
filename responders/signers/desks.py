"""What a signer process signs: what its policy allows, and nothing else. One desk for a key that
brakes, one for a key that warns neighbours, one for a key that proposes to Safes."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from responders import questions as operators
from responders.chain import Call
from responders.fees import Fee
from responders.safe_service import Proposer
from responders.signer import Signer
from responders.signers.policy import ProposalPolicy, Rate, SignerPolicy, StatementPolicy
from responders.signers.wire import (
    Answer,
    Attest,
    Attestation,
    Describe,
    Description,
    Failure,
    Propose,
    Question,
    Refusal,
    Sign,
    Signature,
    State,
)
from runtime.logs import logger
from runtime.safe_transactions import SafeTransaction
from schemas.errors import PipelineError, PoisonRecordError
from schemas.signals import Signal, require_form

_log = logger(__name__)


class Desk(Protocol):
    """What answers the questions that come over a socket."""

    def answer(self, question: Question) -> Answer:
        """Sign, or say why not."""
        ...


class Stating(Protocol):
    """A key that signs warnings."""

    @property
    def address(self) -> str:
        """The account, in lower-case hexadecimal."""
        ...

    def sign_statement(self, signal: Signal) -> str:
        """Return the EIP-712 signature of a signal."""
        ...


class SignerDesk:
    """Answers one question after the other; the key is asked only for what the policy allows."""

    def __init__(
        self,
        signer: Signer,
        policy: SignerPolicy,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._signer = signer
        self._policy = policy
        self._rate = Rate(policy.signatures_per_hour)
        self._monotonic = monotonic
        self._now = now
        self._lock = threading.Lock()

    def answer(self, question: Question) -> Answer:
        """Sign, or say why not."""
        if isinstance(question, Describe):
            policy = self._policy
            return Description(self._signer.address, policy.chain_id, policy.fee_cap)
        if isinstance(question, State):
            return Refusal("this key brakes; warnings have a key of their own")
        if isinstance(question, Propose):
            return Refusal("this key brakes; proposals have a key of their own")
        with self._lock:
            return self._attest(question) if isinstance(question, Attest) else self._sign(question)

    def _sign(self, asked: Sign) -> Answer:
        call, fee = Call(asked.to, asked.data, asked.gas), Fee(asked.ceiling, asked.tip)
        told = {"to": call.to, "call": call.data[:10], "nonce": asked.nonce, "fee": fee.ceiling}

        def sign() -> Signature:
            signed = self._signer.sign(call, asked.nonce, fee)
            _log.info("signed", tx=signed.tx, **told)
            return Signature(signed.raw, signed.tx)

        return _answered(self._policy.objection(call, fee) or self._spent(), sign, told)

    def _attest(self, asked: Attest) -> Answer:
        question = operators.Question(
            self._policy.chain_id, asked.quorum, asked.target, asked.data, asked.round
        )
        told = {"quorum": asked.quorum, "target": asked.target, "round": asked.round}

        def sign() -> Attestation:
            signature = self._signer.attest(question, asked.expires)
            _log.info("attested", expires=asked.expires, **told)
            return Attestation(signature)

        objection = self._policy.objection_to_word(question, asked.expires, self._now())
        return _answered(objection or self._spent(), sign, told)

    def _spent(self) -> str:
        """Take one signature from the hour's; return why none is left, '' where one was."""
        return _spent(self._rate, self._policy.signatures_per_hour, self._monotonic())


class StatementDesk:
    """Answers for a key that warns neighbours. Of one account every sequence is signed once: two
    warnings under one number could not be told apart by who reads them."""

    def __init__(
        self,
        signer: Stating,
        policy: StatementPolicy,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._signer = signer
        self._policy = policy
        self._rate = Rate(policy.signatures_per_hour)
        self._monotonic = monotonic
        self._now = now
        self._latest = -1
        """The highest sequence that this process signed; the file of sequences knows the rest."""
        self._lock = threading.Lock()

    def answer(self, question: Question) -> Answer:
        """Sign, or say why not."""
        if isinstance(question, Describe):
            return Description(self._signer.address, 0, 0)
        if not isinstance(question, State):
            return Refusal("this key signs warnings to neighbours, and nothing else")
        with self._lock:
            return self._state(question.signal)

    def _state(self, signal: Signal) -> Answer:
        told = {"signal": signal.id, "seq": signal.seq, "target": signal.target}

        def sign() -> Attestation:
            signature = self._signer.sign_statement(signal)
            self._latest = signal.seq
            _log.info("stated", severity=signal.severity, expiry=signal.expiry, **told)
            return Attestation(signature)

        return _answered(self._objection(signal), sign, told)

    def _objection(self, signal: Signal) -> str:
        try:
            require_form(signal)
        except PoisonRecordError as error:
            return str(error)
        if found := self._policy.objection(signal, self._signer.address, self._now()):
            return found
        if signal.seq <= self._latest:
            return f"sequence {signal.seq} is not above {self._latest}, which was signed already"
        return _spent(self._rate, self._policy.signatures_per_hour, self._monotonic())


class ProposalDesk:
    """Answers for a key that puts transactions before the owners of Safes."""

    def __init__(
        self,
        signer: Proposer,
        policy: ProposalPolicy,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._signer = signer
        self._policy = policy
        self._rate = Rate(policy.signatures_per_hour)
        self._monotonic = monotonic
        self._lock = threading.Lock()

    def answer(self, question: Question) -> Answer:
        """Sign, or say why not."""
        if isinstance(question, Describe):
            return Description(self._signer.address, self._policy.chain_id, 0)
        if not isinstance(question, Propose):
            return Refusal("this key signs proposals to Safes, and nothing else")
        with self._lock:
            return self._propose(question)

    def _propose(self, asked: Propose) -> Answer:
        made = SafeTransaction(self._policy.chain_id, asked.safe, asked.to, asked.data, asked.nonce)
        told = {"safe": made.safe, "to": made.to, "call": made.data[:10], "nonce": made.nonce}

        def sign() -> Attestation:
            signature = self._signer.sign_safe(made)
            _log.info("proposal_signed", **told)
            return Attestation(signature)

        most, now = self._policy.signatures_per_hour, self._monotonic()
        return _answered(self._policy.objection(made) or _spent(self._rate, most, now), sign, told)


def _answered(objection: str, sign: Callable[[], Answer], told: Mapping[str, object]) -> Answer:
    """Refuse for a reason, or sign; either way it is logged."""
    if objection:
        _log.error("refused", reason=objection, **told)
        return Refusal(objection[:512])
    try:
        return sign()
    except PipelineError as error:
        _log.error("not_signed", reason=str(error), **told)
        return Failure(str(error)[:512])


def _spent(rate: Rate, most: int, now: float) -> str:
    if rate.take(now):
        return ""
    return f"{most} signatures within an hour, the signer's most"
