"""How alerts leave: with the times of their hops and, given a key, a signature."""

from runtime.broker import Message, Producer
from runtime.clock import Clock
from runtime.metrics import Metrics
from runtime.signatures import Signer, sequence
from schemas.alerts import Alert, Withdrawal
from schemas.codec import encode
from schemas.headers import CHAIN, RECORD_ID, Headers, hop_headers, hops
from schemas.topics import ALERTS


class Publisher:
    """Writes alerts, with the times of their hops and, given a key, a signature."""

    def __init__(
        self, producer: Producer, clock: Clock, metrics: Metrics, signer: Signer | None
    ) -> None:
        self._producer = producer
        self._clock = clock
        self._metrics = metrics
        self._signer = signer

    def publish(self, record: Alert | Withdrawal, cause: Message, lifetime: int) -> None:
        """Queue one record; it may be acted on for `lifetime` blocks."""
        value = encode(record)
        times = hops(cause.headers)
        times["scored"] = self._clock.now_ns()
        if "received" in times:
            elapsed = (times["scored"] - times["received"]) / 1e9
            self._metrics.hop_seconds.labels("scored").observe(elapsed)
        headers: Headers = ((RECORD_ID, record.id.encode()), *hop_headers(times))
        if self._signer is not None:
            index = record.index if isinstance(record, Alert) else 0
            headers += (
                (CHAIN, record.chain.encode()),
                *self._signer.sign(
                    value,
                    sequence=sequence(record.block, index),
                    expires=record.block + lifetime,
                ),
            )
        self._producer.send(ALERTS.name, value, key=record.protocol.encode(), headers=headers)

    def waiting(self) -> int:
        """Return how many records of this producer are not acknowledged yet."""
        return self._producer.waiting()

    def flush(self) -> None:
        """Wait until everything is kept."""
        self._producer.flush()
