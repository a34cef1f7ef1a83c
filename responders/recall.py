"""The alerts that were answered of late, read again when their partition comes to a responder.

What ties them to later ones is kept in memory alone (`responders.linkage`, `responders.concert`),
and whoever attacks in two transactions may wait for a restart between them. What the group has not
answered yet is not read here: it comes by itself.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, Full, Queue

from runtime.broker import Broker, Message, Offsets, Partition
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.replay import Stretch, read
from schemas.errors import PipelineError
from schemas.topics import ALERTS

_log = logger(__name__)

LATEST = 10_000
"""Records of each partition, the last ones that were answered. Those that expired since are passed
over by their headers."""

SECONDS = 5.0
"""For all of it: so much later a brake may come after a start, and no more."""

Take = Callable[[Sequence[Message]], None]

_Found = Queue[Sequence[Message] | PipelineError | None]
"""Batches; None behind the last one, or what went wrong."""


class Recall:
    """Reads what a group has answered."""

    def __init__(self, broker: Broker, group: str, clock: Clock, metrics: Metrics) -> None:
        self._broker = broker
        self._group = group
        self._clock = clock
        self._metrics = metrics

    def read(self, partitions: Sequence[Partition], take: Take, starts: Offsets) -> None:
        """Hand the latest answered records of these partitions to `take`, in order within each; of
        those in `starts` only what lies before, for the rest is read again to be answered.

        Returns after `SECONDS`, and one batch, at the latest. What was not read by then, or could
        not be, people are told; it stops nothing.
        """
        wanted = [one for one in partitions if one.topic == ALERTS.name]
        if not wanted:
            return
        found: _Found = Queue(maxsize=1)
        reader = threading.Thread(target=self._fetch, args=(wanted, found, starts), daemon=True)
        reader.start()  # of its own, since a broker may take longer to answer than we wait
        until = self._clock.monotonic() + SECONDS
        why = f"not done within {SECONDS:g} s"
        while (left := until - self._clock.monotonic()) > 0:
            try:
                batch = found.get(timeout=left)
            except Empty:
                break
            if batch is None:
                self._metrics.unrecalled.set(0)
                return
            if isinstance(batch, PipelineError):
                why = str(batch)
                break
            take(batch)
        self._metrics.unrecalled.set(1)
        _log.error("alerts_not_recalled", partitions=[one.number for one in wanted], reason=why)

    def _fetch(self, wanted: Sequence[Partition], found: _Found, starts: Offsets) -> None:
        """Fetch it all, unless nobody waits for it any more."""
        ended: PipelineError | None = None
        try:
            read(
                self._broker,
                self._stretch(wanted, starts),
                lambda one: found.put(one, timeout=SECONDS),
            )
        except PipelineError as error:
            ended = error
        except Full:
            return
        with suppress(Full):
            found.put(ended, timeout=SECONDS)

    def _stretch(self, wanted: Sequence[Partition], starts: Offsets) -> Stretch:
        stretch = {}
        for partition, committed in self._broker.committed(self._group, wanted).items():
            low, high = self._broker.bounds(partition)
            end = min(committed, high, starts.get(partition, high))
            stretch[partition] = (max(low, end - LATEST), end)
        return stretch
