"""Keeps a gate's authority from lapsing, and a seat's, from an account of its own.

A responder that has died stops beating, and the gate stops obeying it. That is all silence ever
does: a heartbeat that fails is told to people (metric and log) and pauses nothing. Its account is
not a responder's, so a heartbeat that is stuck holds up no brake, and a stolen responder key cannot
keep itself in power. A `PauserSeat`, which some brakes are pulled from, answers as a gate does.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import contracts
from responders.adapters.gate import ARTEFACT
from responders.adapters.lido import REFUSALS
from responders.chain import Call, Chain, Head, Sending
from responders.fees import Fee, opening, raised
from responders.reverts import errors_of, explain, selector
from responders.signer import Signer
from responders.transactions import Signed
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.errors import PipelineError

_log = logger(__name__)

CHECK_EVERY = 5.0
"""Seconds between two looks at the gate."""

REPLACE_AFTER = 3
"""Blocks after which a heartbeat that is not mined is replaced."""

GAS = 200_000

_BEAT = selector("heartbeat()")
_UNTIL = selector("authorityUntil()")
_TTL = selector("ttl()")


class HeartbeatError(PipelineError):
    """An authority was not renewed: tell people, and go on trying."""


class Standing(Enum):
    """How a gate's authority stands."""

    FRESH = "fresh"
    DUE = "due"
    LAPSED = "lapsed"


def standing(until: int, ttl: int, now: int) -> Standing:
    """Judge the authority at block time `now`; it is renewed once a third of the TTL has passed.

    Two more thirds are left for retries and for people. All in seconds.
    """
    if now >= until:
        return Standing.LAPSED
    return Standing.DUE if 3 * (until - now) <= 2 * ttl else Standing.FRESH


@dataclass(frozen=True, slots=True)
class _Attempt:
    signed: Signed
    nonce: int
    fee: Fee
    block: int


class Heartbeat:
    """Renews the authority of one gate or seat."""

    def __init__(
        self, chain: Chain, signer: Signer, gate: str, protocols: Sequence[str], fee_cap: int
    ) -> None:
        """`protocols` are those that the gate brakes; `fee_cap` is in wei per gas."""
        self._chain = chain
        self._signer = signer
        self.gate = gate
        self.protocols = protocols
        self._call = Call(gate, _BEAT, GAS)
        self._fee_cap = fee_cap
        self._pending: _Attempt | None = None
        self.until: int | None = None
        """The block time at which the authority lapses, as the gate said last."""

    @property
    def waiting(self) -> bool:
        """Whether a heartbeat is on its way; the account's next one has to wait for it."""
        return self._pending is not None

    def beat(self) -> int | None:
        """Do what is due now; return the block time at which a heartbeat was seen mined, if any.

        Raises `HeartbeatError` when people have to look, `TransientError` when no node answers.
        """
        head = self._chain.head()
        if self._pending is not None:
            return self._follow(self._pending, head)
        self.until = self._number(_UNTIL)
        now = standing(self.until, self._number(_TTL), head.timestamp)
        if now is Standing.LAPSED:
            raise HeartbeatError(
                "the authority has lapsed: only its Safe can arm a gate again, only its admin can "
                "register a breaker's pauser"
            )
        if now is Standing.DUE:
            self._send(self._chain.nonce(self._signer.address), self._offer(head), head)
        return None

    def _follow(self, pending: _Attempt, head: Head) -> int | None:
        receipt = self._chain.receipt(pending.signed.tx)
        if receipt is not None:
            self._pending = None
            self.until = self._number(_UNTIL)
            if not receipt.ok:
                raise HeartbeatError(f"heartbeat {receipt.tx} was mined, but reverted")
            _log.info("heartbeat", gate=self.gate, block=receipt.block)
            return head.timestamp
        if self._chain.nonce(self._signer.address) > pending.nonce:
            self._pending = None  # an earlier one was mined; the next look sees what it did
        elif head.number - pending.block >= REPLACE_AFTER:
            fee = raised(pending.fee, self._offer(head), self._fee_cap)
            if fee is None:
                raise HeartbeatError("a heartbeat is not mined at the highest fee allowed")
            self._send(pending.nonce, fee, head)
        return None

    def _send(self, nonce: int, fee: Fee, head: Head) -> None:
        answer = self._chain.call(self._call, sender=self._signer.address)
        if not answer.ok:
            names = {**REFUSALS, **errors_of(contracts.load(ARTEFACT).abi)}
            reason = explain(answer.data, names)
            raise HeartbeatError(f"{self.gate} refuses the heartbeat: {reason}")
        signed = self._signer.sign(self._call, nonce, fee)
        self._pending = _Attempt(signed, nonce, fee, head.number)
        sending, words = self._chain.send(signed.raw)
        if sending is Sending.REFUSED:
            self._pending = None
            raise HeartbeatError(f"the node refuses the heartbeat: {words}")

    def _offer(self, head: Head) -> Fee:
        return opening(head.base_fee, self._chain.tip(), self._fee_cap)

    def _number(self, question: str) -> int:
        answer = self._chain.call(Call(self.gate, question), sender=None)
        if not answer.ok or len(answer.data) != 66:
            raise HeartbeatError(f"{self.gate} does not answer as a BrakeGate or a PauserSeat does")
        return int(answer.data, 16)


Tell = Callable[[str, int | None, int | None], None]
"""Takes a protocol, the block time of a heartbeat that was just mined, and the one at which the
protocol's authority lapses; None where there is none."""


def _to_nobody(_protocol: str, _mined: int | None, _until: int | None) -> None:
    pass


def run(
    heartbeats: Sequence[Heartbeat],
    metrics: Metrics,
    stop: threading.Event,
    tell: Tell = _to_nobody,
    leads: Callable[[], bool] = lambda: True,
) -> None:
    """Keep all of them alive until told to stop, as long as this is the replica that `leads`."""
    for protocol in {name for heartbeat in heartbeats for name in heartbeat.protocols}:
        metrics.heartbeat_faults.labels(protocol)
    while not stop.is_set():
        if leads():
            beat_all(heartbeats, metrics, tell)
        stop.wait(CHECK_EVERY)


def beat_all(heartbeats: Sequence[Heartbeat], metrics: Metrics, tell: Tell = _to_nobody) -> None:
    """Do what is due at each of them, from their one account: one transaction at a time.

    What goes wrong is logged. A protocol's authority ends with the first of its own that lapses.
    """
    for heartbeat in heartbeats:
        try:
            mined = heartbeat.beat()
        except PipelineError as error:
            _log.error("heartbeat_failed", gate=heartbeat.gate, error=str(error))
            mined = None
            for protocol in heartbeat.protocols:
                metrics.heartbeat_faults.labels(protocol).inc()
        for protocol in heartbeat.protocols:
            if mined is not None:
                metrics.heartbeat.labels(protocol).set(mined)
            ends = [
                other.until
                for other in heartbeats
                if other.until is not None and protocol in other.protocols
            ]
            if ends:
                metrics.authority_until.labels(protocol).set(min(ends))
            tell(protocol, mined, min(ends, default=None))
        if heartbeat.waiting:
            return
