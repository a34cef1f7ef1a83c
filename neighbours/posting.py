"""Our signals onto a chain: into a registry of `contracts/src/ISecuritySignal.sol`.

The account that pays signs nothing else and can do nothing else; the statement that it carries is
signed by the issuer, so whoever takes this account can spend its coins and say nothing. Dry unless
armed: then calls are tried out and none is sent.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from neighbours.marking import ON_CHAIN
from neighbours.registry import publishing
from runtime.budget import Budget
from runtime.clock import Clock
from runtime.evm import NodeRefusalError
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.sending import Sender
from schemas.errors import TransientError, UnsafeToContinueError
from schemas.signals import Signal

_log = logger(__name__)

GAS = 300_000
"""An issuer's first signal costs 112,258 (docs/signals.md)."""

LOOK_EVERY = 1.0
"""Seconds between two looks at the chain."""

MOST_WAITING = 64
"""Matters; of more the oldest is given up."""

TO = "chain"
"""What metrics call it, among those that signals are carried to."""


class Poster:
    """The newest signal on each matter, one transaction at a time, so many a day."""

    def __init__(
        self,
        registry: str,
        sender: Sender,
        clock: Clock,
        metrics: Metrics,
        budget: Budget,
        *,
        armed: bool,
    ) -> None:
        """Within `budget`. Unless `armed`, `sender` tries calls out and sends none."""
        self._registry = registry
        self._sender = sender
        self._clock = clock
        self._metrics = metrics
        self._budget = budget
        self._armed = armed
        self._waiting: dict[str, Signal] = {}
        self._counted: Signal | None = None
        """The signal that the budget was spent on last."""
        self._lock = threading.Lock()

    def offer(self, signal: Signal) -> None:
        """Queue a signal that everybody may read, in the place of an older one on its matter."""
        if signal.tlp != ON_CHAIN:
            self._count("withheld")
            return
        with self._lock:
            self._waiting.pop(signal.id, None)
            self._waiting[signal.id] = signal
            if len(self._waiting) > MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]
                self._count("given_up")

    def turn(self) -> None:
        """Do what is due now; nothing is lost when it raises `TransientError` because no node
        answers, or `UnsafeToContinueError` because the budget's file cannot be written."""
        if self._sender.busy:
            self._follow()
            return
        now = self._clock.now_ns() // 10**9
        if not self._budget.left(now):
            return
        with self._lock:
            signal = next(iter(self._waiting.values()), None)
        if signal is not None:
            self._begin(signal, now)
            with self._lock:  # unless a newer one took its place meanwhile
                if self._waiting.get(signal.id) is signal:
                    del self._waiting[signal.id]

    def _begin(self, signal: Signal, now: int) -> None:
        if signal.expiry <= now:
            self._count("given_up")
            return
        data = publishing(signal)
        try:
            if self._armed:
                self._post(signal, data, now)
            else:
                self._sender.try_out(self._registry, data, GAS)
                self._count("dry")
                _log.info("would_post", registry=self._registry, seq=signal.seq)
        except NodeRefusalError as error:  # it is there already, or a later one is
            self._count("refused")
            _log.warning("not_posted", registry=self._registry, seq=signal.seq, reason=str(error))

    def _post(self, signal: Signal, data: str, now: int) -> None:
        """Send. It is counted once and before, however often a node has to be asked: whether one
        that did not answer had taken it nobody knows."""
        self._sender.try_out(self._registry, data, GAS)
        if self._counted is not signal:
            self._budget.spend(now)
            self._counted = signal
        self._sender.send(self._registry, data, GAS)

    def _follow(self) -> None:
        try:
            mined = self._sender.follow()
        except NodeRefusalError as error:
            self._count("failed")
            _log.warning("not_posted", registry=self._registry, reason=str(error))
            return
        if mined is not None:
            self._count("delivered" if mined.ok else "refused")
            _log.info("posted", registry=self._registry, tx=mined.tx, ok=mined.ok)

    def _count(self, outcome: str) -> None:
        self._metrics.carried.labels(TO, outcome).inc()


@contextmanager
def posting(poster: Poster) -> Iterator[Callable[[Signal], None]]:
    """Post in the background until this is left; give what queues a signal."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(LOOK_EVERY):
            try:
                poster.turn()
            except (TransientError, UnsafeToContinueError) as error:
                _log.warning("not_posted", reason=str(error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield poster.offer
    finally:
        stop.set()
        thread.join(LOOK_EVERY + 30)
