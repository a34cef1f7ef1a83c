"""How often a client may ask: a token bucket each, for a bounded number of clients."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from math import inf

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
    """One kind of request, counted for each client. Safe from any thread. A network of IPv6
    addresses counts as one client (`runtime.clients`)."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def allows(self, address: str) -> bool:
        """Count a request of an address, and say whether the client may make it."""
        return self.wait(address) == 0

    def wait(self, address: str) -> float:
        """Count a request of an address; return 0, or after how many seconds the client may make
        it. What is refused costs nothing."""
        now, rate, client = self._clock.monotonic(), self._rate, client_of(address)
        with self._lock:
            bucket = self._buckets.pop(client, None) or _Bucket(rate.burst, now)
            bucket.left = min(rate.burst, bucket.left + (now - bucket.at) * rate.per_second)
            bucket.at = now
            self._buckets[client] = bucket
            while len(self._buckets) > MOST_CLIENTS:
                self._buckets.popitem(last=False)
            if bucket.left < 1:
                return (1 - bucket.left) / rate.per_second if rate.per_second else inf
            bucket.left -= 1
            return 0
