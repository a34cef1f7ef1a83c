"""One of several processes that share a topic; waits until all are there.

    python -m bench.loops.member BOOTSTRAP NAMESPACE KIND COUNT RUN FOLDER

says in FOLDER how many partitions it owns, begins when there is a file `go`, and ends when the
group has read everything.
"""

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from bench.loops.own import task_of
from bench.loops.scoring import job
from runtime import logs
from runtime.broker import Message, Offsets, Partition
from runtime.clock import SystemClock
from runtime.kafka import KafkaBroker
from runtime.loop import Loop, Task

IDLE = 2.0
"""Seconds without a record after which everything was read."""


class Member:
    """A task that waits for its sign and ends when nothing is left."""

    def __init__(self, task: Task, folder: Path, stop: threading.Event) -> None:
        self._task = task
        self._folder = folder
        self._stop = stop
        self._owned: set[Partition] = set()
        self.done = 0
        self.begin = self.end = 0.0
        self.topics = task.topics
        self.checkpoint = task.checkpoint

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Take on partitions."""
        self._owned |= set(partitions)
        self._tell()
        return self._task.assigned(partitions)

    def released(self, partitions: Sequence[Partition]) -> None:
        """Give partitions back."""
        self._owned -= set(partitions)
        self._tell()
        self._task.released(partitions)

    def _tell(self) -> None:
        (self._folder / f"owned-{os.getpid()}").write_text(str(len(self._owned)))

    def process(self, batch: Sequence[Message]) -> None:
        """Hand the batch on."""
        self.begin = self.begin or time.time()
        self._task.process(batch)
        self.done += len(batch)
        self.end = time.time()

    def tick(self) -> None:
        """End once nothing has come for a while."""
        if self.end and time.time() - self.end > IDLE:
            self._stop.set()

    def ready(self) -> bool:
        """Wait for the sign."""
        return (self._folder / "go").exists()


def main() -> None:
    """Run until everything is read."""
    logs.configure("bench", "ERROR", "json")
    logging.disable(logging.WARNING)
    asked, folder = job(), Path(sys.argv[6])
    broker = KafkaBroker({"bootstrap.servers": asked.bootstrap}, namespace=asked.space)
    stop = threading.Event()
    member = Member(task_of(asked, broker, stored=False), folder, stop)
    Loop(broker.consumer(asked.group("members")), member, SystemClock()).run(stop)
    told = {"done": member.done, "begin": member.begin, "end": member.end}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
