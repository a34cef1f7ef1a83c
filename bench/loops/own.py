"""The detect service's own task in its own loop, snapshots and commits included."""

import logging
import threading
from collections.abc import Sequence

from bench.loops.scoring import Job, Meter, job, makers
from detectors.publisher import Publisher
from detectors.service import DetectTask
from runtime import logs
from runtime.broker import Message
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.kafka import KafkaBroker
from runtime.loop import Loop, Task
from runtime.metrics import Metrics
from runtime.state import StateStore
from schemas.topics import DETECTOR_STATE


class Counted:
    """A task that stops its loop after so many records."""

    def __init__(self, task: Task, meter: Meter, stop: threading.Event) -> None:
        self._task = task
        self._meter = meter
        self._stop = stop
        self.topics = task.topics
        self.assigned = task.assigned
        self.checkpoint = task.checkpoint
        self.released = task.released
        self.tick = task.tick
        self.ready = task.ready

    def process(self, batch: Sequence[Message]) -> None:
        """Hand the batch on and count it."""
        self._meter.begin()
        self._task.process(batch)
        self._meter.left -= len(batch)
        if self._meter.left <= 0:
            self._stop.set()


class Metered(Counted):
    """The same, of a task that makes things durable bit by bit."""

    def __init__(self, task: DetectTask, meter: Meter, stop: threading.Event) -> None:
        super().__init__(task, meter, stop)
        self.settled = task.settled


def task_of(asked: Job, broker: KafkaBroker, *, stored: bool) -> DetectTask:
    """Return the service's task."""
    metrics, producer = Metrics(), broker.producer()
    return DetectTask(
        Intake(producer, metrics, "bench"),
        Publisher(producer, SystemClock(), metrics, signer=None),
        makers()[asked.kind],
        metrics,
        StateStore(broker, broker.producer(), asked.kind) if stored else None,
    )


def main() -> None:
    """Run until all is scored."""
    logs.configure("bench", "ERROR", "json")
    logging.disable(logging.WARNING)
    asked = job()
    broker = KafkaBroker({"bootstrap.servers": asked.bootstrap}, namespace=asked.space)
    stored = broker.partitions(DETECTOR_STATE.name) > 0
    meter, stop = Meter(asked.count), threading.Event()
    task = Metered(task_of(asked, broker, stored=stored), meter, stop)
    Loop(broker.consumer(asked.group("own")), task, SystemClock()).run(stop)
    meter.tell()


if __name__ == "__main__":
    main()
