"""From topics to the picture: reads every partition from where it has to, and never commits.

A thread fetches and decodes; the event loop folds, so that nothing that pages read changes under
them. A record that cannot be read, or that nobody who is believed has said (`console.trust`), is
counted and left out: the services that act on it keep its bytes.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping

from console.picture import Picture
from console.trust import Heard, Trust
from runtime.broker import Broker, Consumer, Message, Partition
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas import headers
from schemas.errors import PoisonRecordError, TransientError
from schemas.incidents import Hop
from schemas.services import SERVICES
from schemas.topics import ACTIONS, ALERTS, READINESS, RISK, TRANSACTIONS, TopicSpec

RECENT: tuple[TopicSpec, ...] = (ALERTS, ACTIONS, RISK)
"""Read from some hours back; the others from their beginning."""

READS: tuple[TopicSpec, ...] = tuple(
    spec for spec in SERVICES["console"].reads if spec is not TRANSACTIONS
)
"""All that the console may read, but for what it looks up (`console.lookup`)."""

BATCH = 500

ASK_SECONDS = 2.0
"""How often the broker is asked whether it is there, while it has nothing new."""

_log = logger(__name__)

Timed = tuple[Heard, Mapping[Hop, int]]
"""What was heard, and when its record passed its hops."""


class Feed:
    """Keeps a picture up to date; `run` it in a thread of its own."""

    def __init__(
        self,
        broker: Broker,
        picture: Picture,
        trust: Trust,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._broker = broker
        self._picture = picture
        self._trust = trust
        self._metrics = metrics
        self._clock = clock
        self._ends: dict[Partition, int] = {}
        self.caught_up = False
        """Whether everything that was there at the start is in the picture."""
        self.looked = 0.0
        """When the broker last gave something, or said that there is nothing."""
        self._asked = 0.0
        self._answers = True

    def run(
        self,
        hours: int,
        loop: asyncio.AbstractEventLoop,
        changed: Callable[[frozenset[str]], None],
        stop: threading.Event,
    ) -> None:
        """Read until told to stop; `changed` is told in the loop which regions of pages changed.

        Raises `UnsafeToContinueError` when records were removed before they were read.
        """
        consumer = self._broker.consumer()
        try:
            self._assign(consumer, hours)
            while not stop.is_set():
                batch = consumer.fetch(BATCH, 0.2)
                heard = list(self._heard(batch))
                asyncio.run_coroutine_threadsafe(self._fold(heard, changed), loop).result()
                if batch or self._is_there():
                    self.looked = self._clock.monotonic()
                if not self.caught_up:
                    self.caught_up = all(
                        consumer.position(part) >= end for part, end in self._ends.items()
                    )
        finally:
            consumer.close()

    def _is_there(self) -> bool:
        """Say whether the broker answered lately: a fetch that gives nothing does not tell."""
        now = self._clock.monotonic()
        if now - self._asked >= ASK_SECONDS:
            self._asked = now
            try:
                self._broker.bounds(Partition(READINESS.name, 0))
                self._answers = True
            except TransientError as error:
                self._answers = False
                _log.warning("no_broker_answers", error=str(error))
        return self._answers

    def _assign(self, consumer: Consumer, hours: int) -> None:
        since = self._clock.now_ns() // 10**6 - hours * 3_600_000
        starts: dict[Partition, int] = {}
        for spec in READS:
            recent = self._broker.offsets_at(spec.name, since) if spec in RECENT else {}
            for number in range(self._broker.partitions(spec.name)):
                partition = Partition(spec.name, number)
                low, high = self._broker.bounds(partition)
                starts[partition] = max(low, recent.get(partition, low))
                self._ends[partition] = high
        consumer.assign(starts)

    async def _fold(self, heard: list[Timed], changed: Callable[[frozenset[str]], None]) -> None:
        regions: set[str] = set()
        for (record, signed, by), times in heard:
            regions |= self._picture.take(record, times, signed=signed, by=by)
        if regions:
            changed(frozenset(regions))

    def _heard(self, batch: list[Message]) -> Iterator[Timed]:
        for message in batch:
            self._metrics.records.labels(message.topic).inc()
            try:
                yield self._trust.read(message), headers.hops(message.headers)
            except PoisonRecordError as error:
                self._metrics.unshown.labels(message.topic).inc()
                _log.warning(
                    "not_shown", topic=message.topic, offset=message.offset, reason=str(error)
                )
