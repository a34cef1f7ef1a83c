"""Where every carrier hands in what neighbours say: checked once, then on the topic."""

import threading
from collections import deque
from collections.abc import Callable, Collection
from typing import get_args

from runtime.admission import Admission, Refusal, RefusedSignalError
from runtime.broker import Producer
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.codec import encode
from schemas.signals import Signal
from schemas.topics import SIGNALS
from schemas.units import Seconds

_log = logger(__name__)


MOST_PER_HOUR = 120
"""Signals of one issuer; twice what one of ours would say."""

_HOUR = 3600


class Desk:
    """Takes signals from any thread, each once, and writes them for whoever listens.

    Checked again by every reader: the topic proves nothing, the signature does.
    """

    def __init__(
        self, producer: Producer, issuers: Collection[str], clock: Clock, metrics: Metrics
    ) -> None:
        """`issuers` are the accounts that some manifest listens to."""
        self._producer = producer
        self._admission = Admission(issuers)
        self._clock = clock
        self._metrics = metrics
        self._lock = threading.Lock()
        self._times: dict[str, deque[Seconds]] = {
            issuer: deque(maxlen=MOST_PER_HOUR) for issuer in issuers
        }
        for outcome in ("taken", *get_args(Refusal)):
            metrics.signals.labels(outcome)

    def now(self) -> Seconds:
        """Return the time by which signals expire here, where no chain tells it."""
        return self._clock.now_ns() // 10**9

    def recall(self, signal: Signal) -> None:
        """Take in a signal that the topic has already, so that it is not taken twice."""
        try:
            self._admission.admit(signal, self.now())
        except RefusedSignalError:
            return  # expired since, forged, or nobody's concern any more

    def check(self, signal: Signal) -> None:
        """Raise what `take` would raise of a signal as things are, and keep nothing."""
        with self._lock:
            self._checked(signal)

    def _checked(self, signal: Signal) -> None:
        try:
            self._require_room(signal.issuer)
            self._admission.check(signal, self.now())
        except RefusedSignalError as error:
            self._metrics.signals.labels(error.why).inc()
            raise

    def take(self, signal: Signal, carrier: str) -> None:
        """Check a signal and keep it. When this returns the topic has it.

        Raises `RefusedSignalError` for one that is not taken, `UnsafeToContinueError` when the
        topic does not keep it.
        """
        with self._lock:
            self._checked(signal)
            self.write(signal)  # what is not kept was not taken, and may come again
            self._admission.note(signal)
            self._times[signal.issuer].append(self.now())
        self._metrics.signals.labels("taken").inc()
        _log.info(
            "signal_taken",
            carrier=carrier,
            issuer=signal.issuer,
            seq=signal.seq,
            target=signal.target,
            severity=signal.severity,
        )

    def _require_room(self, issuer: str) -> None:
        times = self._times.get(issuer)
        if times and len(times) == MOST_PER_HOUR and self.now() - times[0] < _HOUR:
            raise RefusedSignalError("rate", f"{issuer} says more than {MOST_PER_HOUR} an hour")

    def write(self, signal: Signal) -> None:
        """Write a signal and wait until it is kept."""
        self._producer.send(SIGNALS.name, encode(signal), key=signal.issuer.encode())
        self._producer.flush()


Take = Callable[[Signal, str], None]
"""`Desk.take`, as carriers see it."""

Check = Callable[[Signal], None]
"""`Desk.check`, likewise."""
