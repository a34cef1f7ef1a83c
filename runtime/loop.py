"""The consumer loop that every service runs.

Fetch, process, and every so often: make durable, then commit. Commit comes last, so a crash at any
point reads again what was not durable and never skips what was not done. A gradual task says itself
where to read from; its commits only show how far it has come.
"""

import gc
import threading
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from runtime.broker import Consumer, Message, Offsets, Partition, ends
from runtime.clock import Clock
from runtime.logs import logger
from schemas.errors import TransientError

_log = logger(__name__)

PATIENCE = 0.1
"""Seconds to wait for a record before looking at what else is due."""

TIDY = 1.0
"""Seconds after which what a gradual task has learned is put where no collection walks it. Often,
because it is walked once on the way: 2 ms a second rather than 12 ms at once."""

YOUNG = 20_000
"""Objects made since the last collection that start the next. What a record leaves behind holds no
cycles and goes by itself; at Python's 700, looking for some costs a tenth of each record."""


class Task(Protocol):
    """What a service does with its records."""

    @property
    def topics(self) -> Sequence[str]:
        """The topics it reads."""
        ...

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Load what is known of these partitions; return where to start reading each that should
        not start at the group's committed offset."""
        ...

    def process(self, batch: Sequence[Message]) -> None:
        """Handle the records, in order. What this produces may still be on its way."""
        ...

    def checkpoint(self, offsets: Offsets) -> None:
        """Make durable all that came of the records below these offsets."""
        ...

    def released(self, partitions: Sequence[Partition]) -> None:
        """Forget these partitions."""
        ...

    def tick(self) -> None:
        """Do what is due without a new record. Called between batches."""
        ...

    def ready(self) -> bool:
        """Say whether it can take more now; while it can't, its partitions are paused."""
        ...


@runtime_checkable
class Gradual(Task, Protocol):
    """A task that makes things durable bit by bit, in `tick`, instead of all at each checkpoint.

    It is still checkpointed before a partition is handed over, and at the end.
    """

    def settled(self, offsets: Offsets) -> Offsets:
        """Return how far, of these offsets, the group has come for good: what came of the records
        is durable, or will be made again from records that whoever comes after reads again."""
        ...


class Loop:
    """Runs a task over a group's share of its topics until told to stop.

    Guarantees: `checkpoint` precedes every commit, but for what a gradual task says has `settled`;
    a partition is checkpointed and committed before another member gets it; after an error nothing
    is checkpointed or committed any more.
    """

    def __init__(
        self,
        consumer: Consumer,
        task: Task,
        clock: Clock,
        *,
        beat: Callable[[], None] = lambda: None,
        interval: float = 5.0,
        limit: int = 500,
    ) -> None:
        """Set what to call at every turn, the seconds between checkpoints, the records in a
        batch."""
        self._consumer = consumer
        self._task = task
        self._clock = clock
        self._interval = interval
        self._limit = limit
        self._beat = beat
        self._settled = task.settled if isinstance(task, Gradual) else None
        self._owned: set[Partition] = set()
        self._offsets: dict[Partition, int] = {}
        self.worked: dict[Partition, int] = {}
        """Up to where the records of each of our partitions were processed; a partition that
        nothing came of yet is absent."""
        self._paused = False
        self._failed = False
        self._due = clock.monotonic() + interval
        self._untidy = clock.monotonic() + TIDY

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish what is in hand and leave the group."""
        gc.set_threshold(YOUNG)
        try:
            self._consumer.subscribe(self._task.topics, self)
            while not stop.is_set():
                self.step()
            if self._settled is None:  # else it is done as the partitions are given back
                self._save(self._offsets)
        except BaseException:
            self._failed = True
            raise
        finally:
            self._consumer.close()

    def step(self) -> None:
        """Fetch and process one batch; checkpoint when it is due."""
        self._beat()
        self._throttle()
        batch = self._consumer.fetch(self._limit, PATIENCE)
        if batch:
            self._task.process(batch)
            self._offsets.update(ends(batch))
            self.worked.update(self._offsets)
        now = self._clock.monotonic()
        if self._settled is not None:
            if now >= self._due:  # before the tick, which sends what would have to be waited for
                self._settle(self._settled)
            if now >= self._untidy:
                self._tidy(now)
        self._task.tick()
        if self._settled is None and now >= self._due:
            self._save(self._offsets)

    def _tidy(self, now: float) -> None:
        """Keep collections short: only what is younger than this is ever walked. A full one over
        all that was learned would hold a record up for a tenth of a second."""
        self._untidy = now + TIDY
        gc.collect(1)
        gc.freeze()

    def _throttle(self) -> None:
        if self._task.ready() == self._paused:
            self._paused = not self._paused
            change = self._consumer.pause if self._paused else self._consumer.resume
            change(self._owned)

    def _settle(self, settled: Callable[[Offsets], Offsets]) -> None:
        self._due = self._clock.monotonic() + self._interval
        if self._offsets and (reached := settled(dict(self._offsets))):
            self._consumer.commit_soon(reached, self._committed)

    def _unsaved(self) -> Offsets:
        """Return what a checkpoint has to go up to before somebody else goes on; a gradual task may
        be behind what was committed."""
        return self._offsets if self._settled is None else self.worked

    def _save(self, offsets: Offsets) -> None:
        self._due = self._clock.monotonic() + self._interval
        if offsets:
            offsets = dict(offsets)
            self._task.checkpoint(offsets)
            self._commit(offsets)

    def _commit(self, offsets: Offsets) -> None:
        try:
            self._consumer.commit(offsets)
        except TransientError as error:
            # What is durable already is at worst read again; the next checkpoint commits it too.
            _log.warning("commit_failed", error=str(error))
            return
        self._committed(offsets)

    def _committed(self, offsets: Offsets) -> None:
        for partition, offset in offsets.items():
            if self._offsets.get(partition) == offset:
                del self._offsets[partition]

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Take on partitions that the group gave us."""
        starts = self._task.assigned(partitions)
        if self._settled is not None:
            # Whoever came this far may have ended before it said so; without a record to come,
            # nobody else would.
            self._offsets.update({p: offset for p, offset in starts.items() if offset})
        self._owned |= set(partitions)
        gc.freeze()  # what was loaded stays: no collection walks it between a record and its alert
        if self._paused:
            self._consumer.pause(partitions)
        _log.info("assigned", partitions=[f"{p.topic}[{p.number}]" for p in partitions])
        return starts

    def revoked(self, partitions: Sequence[Partition]) -> None:
        """Hand partitions over: durable and committed first."""
        if not self._failed:
            unsaved = self._unsaved()
            self._save({p: unsaved[p] for p in partitions if p in unsaved})
        self._forget(partitions)

    def lost(self, partitions: Sequence[Partition]) -> None:
        """Drop partitions that somebody else has already."""
        _log.warning("lost", partitions=[f"{p.topic}[{p.number}]" for p in partitions])
        self._forget(partitions)

    def _forget(self, partitions: Sequence[Partition]) -> None:
        self._task.released(partitions)
        self._owned -= set(partitions)
        for partition in partitions:
            self._offsets.pop(partition, None)
            self.worked.pop(partition, None)
