"""The signals service: cases and on-chain events in, signals out."""

from collections.abc import Callable, Sequence

from neighbours.desk import Desk
from neighbours.issuing import Issuing
from neighbours.registry import EVENT, signal_of
from runtime.admission import KEPT, RefusedSignalError, read
from runtime.broker import Broker, Message, Offsets, Partition, read_topic
from runtime.intake import Intake
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.statement import signer_of
from schemas.chain import Event
from schemas.errors import PoisonRecordError, TransientError
from schemas.incidents import Incident
from schemas.signals import Signal, require_form
from schemas.topics import EVENTS, INCIDENTS, SIGNALS

_log = logger(__name__)

_MARK = f'"{EVENT}"'.encode()
"""What an event of that name has in its bytes: others need not be decoded."""


class SignalsTask:
    """What the consumer loop runs. The newest state of every case is read again at each start."""

    def __init__(
        self,
        intake: Intake,
        desk: Desk,
        issuing: Issuing | None,
        metrics: Metrics,
        offer: Callable[[Signal], None],
        beginning: Callable[[Partition], int],
    ) -> None:
        """Without `issuing` nothing of ours is told. `offer` hands a signal to the couriers;
        `beginning` tells a partition's first offset."""
        self._intake = intake
        self._desk = desk
        self._issuing = issuing
        self._metrics = metrics
        self._offer = offer
        self._beginning = beginning
        self._told_at = 0
        self._news = False

    @property
    def topics(self) -> Sequence[str]:
        """Events, and cases where they are told of."""
        return (EVENTS.name,) if self._issuing is None else (INCIDENTS.name, EVENTS.name)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Start with the first case that is kept, and with events where the group stopped."""
        return {p: self._beginning(p) for p in partitions if p.topic == INCIDENTS.name}

    def process(self, batch: Sequence[Message]) -> None:
        """Consider every case, take every signal."""
        for message in batch:
            if message.topic == EVENTS.name and _MARK not in (message.value or b""):
                continue
            record = self._intake.read(message)
            if isinstance(record, Incident) and self._issuing is not None:
                self._issuing.consider(record)
                self._news = True
            elif isinstance(record, Event):
                self._take(message, record)

    def tick(self) -> None:
        """Tell what is due: at once when a case came, and once a second of what waits."""
        now = self._desk.now()
        if self._issuing is None or (now == self._told_at and not self._news):
            return
        self._told_at, self._news = now, False
        try:
            self._issuing.tell(now, self._send)
        except TransientError as error:
            _log.error("signal_waits", error=str(error))

    def checkpoint(self, offsets: Offsets) -> None:
        """Nothing waits to be made durable: what was written was waited for."""
        del offsets

    def released(self, partitions: Sequence[Partition]) -> None:
        """Nothing is held by partition."""

    def ready(self) -> bool:
        """It never has to wait for anything."""
        return True

    def _send(self, signal: Signal) -> None:
        self._desk.write(signal)
        self._metrics.issued.labels(signal.severity).inc()
        self._offer(signal)
        _log.info(
            "signal_issued",
            signal=signal.id,
            seq=signal.seq,
            target=signal.target,
            severity=signal.severity,
            confidence=signal.confidence,
            tlp=signal.tlp,
        )

    def _take(self, message: Message, event: Event) -> None:
        try:
            signal = signal_of(event)
            if signal is not None:
                self._desk.take(signal, "chain")
        except RefusedSignalError as error:
            if error.why in KEPT:
                self._intake.reject(message, str(error), fault="content")
        except PoisonRecordError as error:
            self._intake.reject(message, str(error), fault="content")


def recollect(
    broker: Broker, desk: Desk, issuing: Issuing | None, offer: Callable[[Signal], None]
) -> None:
    """Read the topic of signals from its beginning: what was taken is not taken again, our own
    sequence goes on above all that was used, and what may not have reached subscribers when the
    process ended is offered to them once more."""
    now = desk.now()

    def take(message: Message) -> None:
        try:
            record = read(message.value or b"")
        except RefusedSignalError:
            return  # readers keep it
        if not isinstance(record, Signal):
            return
        if issuing is None or record.issuer != issuing.issuer:
            desk.recall(record)
        elif _signed(record):
            issuing.remember(record)
            if record.expiry > now:
                offer(record)

    read_topic(broker, SIGNALS.name, take)


def _signed(signal: Signal) -> bool:
    """Say whether a signal is its issuer's: who may write to the topic could forge one of ours."""
    try:
        require_form(signal)
        return signer_of(signal) == signal.issuer
    except PoisonRecordError:
        return False
