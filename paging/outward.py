"""The dead man's switch: somebody outside is asked once a period, while the pager works.

It is asked only after the pager has read its own newest beat from the log: so the ping says that
this process runs, that it can write and read, and that it listens. When it stays away, whoever
expects it (healthchecks.io, Dead Man's Snitch, an Uptime Kuma push monitor) tells people by a way
that is not ours.
"""

import threading

import httpx
from pydantic import SecretStr

from runtime.clock import Clock
from runtime.logs import conceal, logger
from runtime.metrics import Metrics

_log = logger(__name__)

TIMEOUT = 10.0
"""Seconds for one ping."""


class Outward:
    """Pings one address."""

    def __init__(self, url: SecretStr, period: float, clock: Clock, metrics: Metrics) -> None:
        conceal(url.get_secret_value())
        self._url = url
        self._period = period
        self._clock = clock
        self._metrics = metrics
        self._due = clock.monotonic()
        self._thread: threading.Thread | None = None

    def turn(self, heard: float) -> None:
        """Ping, if it is time to and the pager heard itself at `heard`, not long ago."""
        now = self._clock.monotonic()
        under_way = self._thread is not None and self._thread.is_alive()
        if now < self._due or now - heard > 2 * self._period or under_way:
            return
        self._due = now + self._period
        self._thread = threading.Thread(target=self._ping, name="outward", daemon=True)
        self._thread.start()

    def _ping(self) -> None:
        try:
            httpx.get(self._url.get_secret_value(), timeout=TIMEOUT).raise_for_status()
        except httpx.HTTPError as error:
            _log.warning("outward_failed", kind=type(error).__name__)
            return
        self._metrics.pinged.set(self._clock.now_ns() / 1e9)
