"""Signs of life: each process tells, from the loop that does its work, that it does.

They go out through a producer of their own and are never waited for, so that a log that takes none
holds up nothing. Who listens goes by his own clock (`paging.watch`).
"""

import os
import socket
from collections.abc import Mapping

from runtime.broker import Broker, Offsets, Partition
from runtime.clock import Clock
from runtime.logs import logger, redacted
from schemas.codec import encode
from schemas.errors import PipelineError
from schemas.ids import content_id
from schemas.operations import Beat
from schemas.topics import BEATS

_log = logger(__name__)

_LONGEST = 500


def instance() -> str:
    """Return the name of this process, in its beats."""
    return f"{socket.gethostname()[:80]}-{os.getpid()}"


class Beats:
    """Those of one process."""

    def __init__(
        self, broker: Broker, service: str, group: str, clock: Clock, period: float
    ) -> None:
        """Two are told in each `period`, in seconds: what one has to say is half of it old at
        most."""
        self._producer = broker.producer()
        self._service = service
        self._group = group
        self._clock = clock
        self._pause = period / 2
        self._instance = instance()
        self._number = 0
        self._due = clock.monotonic()

    def tell(
        self, *, waiting: str = "", reads: Offsets | None = None, wrote: Offsets | None = None
    ) -> None:
        """Tell, if it is time to, what keeps it from its work and how far that has come."""
        now = self._clock.monotonic()
        if now < self._due:
            return
        self._due = now + self._pause
        self._number += 1
        beat = Beat(
            id=content_id("beat", self._service, self._group, self._instance, self._number),
            service=self._service,
            group=self._group,
            instance=self._instance,
            number=self._number,
            waiting=redacted(waiting)[:_LONGEST],
            reads=_named(reads or {}),
            wrote=_named(wrote or {}),
        )
        try:
            self._producer.send(BEATS.name, encode(beat), key=self._service.encode())
        except PipelineError as error:
            _log.warning("beat_failed", error=str(error))


def _named(offsets: Mapping[Partition, int]) -> dict[str, int]:
    return {f"{topic}/{number}": offset for (topic, number), offset in offsets.items()}
