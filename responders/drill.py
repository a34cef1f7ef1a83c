"""Every brake rehearsed at the head, again and again, so that one that would not work pages before
it is needed: a role that was revoked, a seal that expired, a window that lapsed, a Safe whose nonce
ran ahead of what was signed, a target that is gone, an account that is empty or stuck.

A neighbour's warning has one held at once. Nothing is signed and nothing is sent.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from responders.adapters.base import Outcome
from responders.levers import Lever, Levers
from responders.outlook import Outlook
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.errors import PipelineError
from schemas.ids import content_id

_log = logger(__name__)

EVERY = 60.0
"""Seconds between two drills."""

NO_ACTION = content_id("preflight")
"""The name under which brakes are rehearsed; no action ever has it."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """How one brake stood at the newest block."""

    protocol: str
    brake: str
    block: int
    trouble: str
    """Why it would not work, '' when it would."""


class Drill:
    """Rehearses all brakes of one responder."""

    def __init__(self, outlook: Outlook, levers: Levers) -> None:
        self._outlook = outlook
        self._levers = levers

    @property
    def protocols(self) -> frozenset[str]:
        """Whose brakes are rehearsed."""
        return frozenset(lever.manifest.protocol for lever in self._levers.values())

    def rehearse(self) -> tuple[Readiness, ...]:
        """Return how every brake stands at the newest block, in the manifests' order.

        Raises `TransientError` when no node answers.
        """
        self._outlook.refresh()
        of_all = self._account()
        block = self._outlook.head
        return tuple(
            Readiness(
                lever.manifest.protocol, lever.brake.name, block, of_all or self.trouble(lever)
            )
            for lever in self._levers.values()
        )

    def trouble(self, lever: Lever) -> str:
        """Return why a brake would not work at the newest block seen, '' when it would, or when
        there is no account yet that would pull it."""
        address = self._outlook.account.address
        if address is None:
            lever.adapter.probe(self._outlook.head)
            return ""
        trial = lever.adapter.simulate(NO_ACTION, address, self._outlook.head)
        return trial.reason if trial.outcome is Outcome.WOULD_FAIL else ""

    def _account(self) -> str:
        """Return what keeps the account from pulling any brake at all."""
        account, held = self._outlook.account.address, self._outlook.balance
        if account is None:
            return ""
        gas = max((lever.adapter.plan().gas for lever in self._levers.values()), default=0)
        needed = gas * self._outlook.fee_cap
        if held < needed:
            return f"{account} holds {held} wei; a brake at the highest fee may need {needed}"
        if self._outlook.chain.waiting(account):
            nonce = self._outlook.nonce
            return f"a transaction of {account} with nonce {nonce} waits, and brakes behind it"
        return ""


Tell = Callable[[Sequence[Readiness]], None]


def _to_nobody(_found: Sequence[Readiness]) -> None:
    pass


def run(
    drill: Drill,
    metrics: Metrics,
    clock: Clock,
    stop: threading.Event,
    wake: threading.Event,
    tell: Tell = _to_nobody,
) -> None:
    """Drill until told to stop, and at once when woken: who sets `stop` sets `wake` as well. `tell`
    takes what each drill found. Where none can ever be held, its age is that of the start."""
    began = clock.now_ns() / 1e9
    for protocol in drill.protocols:
        metrics.drilled.labels(protocol).set(began)
    while not stop.is_set():
        wake.clear()
        tell(hold(drill, metrics, clock))
        wake.wait(EVERY)


def hold(drill: Drill, metrics: Metrics, clock: Clock) -> tuple[Readiness, ...]:
    """Hold one drill; show, log and return what it found. One that cannot be held leaves the time
    of the last one as it is, which is told by its age."""
    try:
        found = drill.rehearse()
    except PipelineError as error:
        _log.error("drill_failed", error=str(error))
        return ()
    show(found, metrics)
    for protocol in {one.protocol for one in found}:
        metrics.drilled.labels(protocol).set(clock.now_ns() / 1e9)
    return found


def show(found: Sequence[Readiness], metrics: Metrics) -> None:
    """Show how each brake stands, and log those that would not work."""
    for one in found:
        metrics.brake_unready.labels(one.protocol, one.brake).set(bool(one.trouble))
        if one.trouble:
            _log.error(
                "brake_not_ready", protocol=one.protocol, brake=one.brake, reason=one.trouble
            )
