"""How alerts leave: with the times of their hops and, given a key, a signature."""

from runtime.broker import Message, Offsets, Producer
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
        self.wrote: Offsets = {}
        """Per partition of the alerts the offset after the newest that is known to be kept."""

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

    def settled(self) -> bool:
        """Say whether everything that this producer sent is kept, without waiting for it. Raises
        `UnsafeToContinueError` if some of it never will be."""
        if self._producer.waiting():
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Wait until everything is kept. Raises `UnsafeToContinueError` if it is not."""
        ends = self._producer.flush()
        self.wrote = {spot: end for spot, end in ends.items() if spot.topic == ALERTS.name}
