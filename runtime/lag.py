"""How far a consumer is behind, as a metric."""

from collections.abc import Callable, Mapping

from runtime.broker import Partition
from runtime.clock import Clock
from runtime.metrics import Metrics

LOOK_EVERY = 2.0
"""Seconds between two looks: more often than Prometheus comes by, rarely enough to cost nothing."""


class LagGauge:
    """Shows the lag of each partition that is ours, and of no other.

    A process shows its own share; the group's lag is the sum over its processes.
    """

    def __init__(
        self, lags: Callable[[], Mapping[Partition, int]], metrics: Metrics, clock: Clock
    ) -> None:
        """`lags` says how many records of each of our partitions are still unread."""
        self._lags = lags
        self._gauge = metrics.lag
        self._clock = clock
        self._shown: set[Partition] = set()
        self._due = clock.monotonic()

    def look(self) -> None:
        """Look again, if it is time to."""
        if self._clock.monotonic() < self._due:
            return
        self._due = self._clock.monotonic() + LOOK_EVERY
        lags = self._lags()
        for gone in self._shown - lags.keys():
            self._gauge.remove(gone.topic, str(gone.number))
        for partition, lag in lags.items():
            self._gauge.labels(partition.topic, str(partition.number)).set(lag)
        self._shown = set(lags)
