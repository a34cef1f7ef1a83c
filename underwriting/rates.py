"""How often one address may ask: a token bucket each, in bounded memory."""

import threading
from collections import OrderedDict
from math import ceil

from runtime.clients import client_of
from runtime.clock import Clock

MOST_KNOWN = 10_000
"""Addresses remembered; the one that asked longest ago is forgotten first, and starts afresh."""


class Rates:
    """Lets an address ask `per_minute` times at once, and as often each minute. Safe from any
    thread. A network of IPv6 addresses counts as one (`runtime.clients`)."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Count a question; return 0, or after how many seconds to ask again."""
        now, address = self._clock.monotonic(), client_of(address)
        with self._lock:
            left, since = self._left.pop(address, (self._most, now))
            left = min(self._most, left + (now - since) * self._most / 60.0)
            refused = left < 1.0
            self._left[address] = (left if refused else left - 1.0, now)
            if len(self._left) > MOST_KNOWN:
                self._left.popitem(last=False)
        return ceil((1.0 - left) * 60.0 / self._most) if refused else 0
