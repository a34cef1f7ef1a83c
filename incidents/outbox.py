"""What one record led to, until the Faust producer has delivered it."""

from typing import NamedTuple

from runtime.broker import Offsets
from schemas.headers import Headers


class Outgoing(NamedTuple):
    """One record to deliver."""

    topic: str
    value: bytes | None
    key: bytes | None
    headers: Headers
    partition: int | None


class Outbox:
    """A producer (`runtime.broker.Producer`) that only collects: deciding is synchronous, Faust's
    delivery is not."""

    def __init__(self) -> None:
        self._waiting: list[Outgoing] = []

    def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        """Collect one record."""
        self._waiting.append(Outgoing(topic, value, key, headers, partition))

    def take(self) -> list[Outgoing]:
        """Return what was collected, in order, and start anew."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def waiting(self) -> int:
        """Return how many were collected."""
        return len(self._waiting)

    def flush(self) -> Offsets:
        """Return no offsets: whoever takes the records delivers them."""
        return {}

    def close(self) -> None:
        """Return; there is nothing to let go."""
