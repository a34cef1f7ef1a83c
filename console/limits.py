"""How often a client may ask: a token bucket each, for a bounded number of clients."""

from collections import OrderedDict
from dataclasses import dataclass

from runtime.clients import client_of
from runtime.clock import Clock

MOST_CLIENTS = 20_000
"""Remembered at once; the one that asked least recently is forgotten, which fills its bucket."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many each second from then on."""

    burst: float
    per_second: float


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limit:
    """One kind of request, counted for each client."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def allows(self, client: str) -> bool:
        """Count a request of an address, and say whether the client may make it."""
        now, rate, client = self._clock.monotonic(), self._rate, client_of(client)
        bucket = self._buckets.pop(client, None) or _Bucket(rate.burst, now)
        bucket.left = min(rate.burst, bucket.left + (now - bucket.at) * rate.per_second)
        bucket.at = now
        self._buckets[client] = bucket
        while len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True
