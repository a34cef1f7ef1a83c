"""What `firebreak replay` does with a stretch of history, without what it prints.

python -m bench.loops.history BOOTSTRAP NAMESPACE KIND COUNT RUN [ARCHIVE]

With an archive's folder, history is read from there; alerts go to the broker all the same.
"""

import gc
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.loops.own import task_of
from bench.loops.scoring import Meter, job
from forensics.archive.history import Archive
from runtime import logs, replay
from runtime.broker import History, Message
from runtime.kafka import KafkaBroker
from runtime.loop import YOUNG


def main() -> None:
    """Read the whole topic again."""
    logs.configure("bench", "ERROR", "json")
    logging.disable(logging.WARNING)
    gc.set_threshold(YOUNG)
    asked = job()
    broker = KafkaBroker({"bootstrap.servers": asked.bootstrap}, namespace=asked.space)
    task, meter = task_of(asked, broker, stored=False), Meter(asked.count)
    kept: History = Archive(Path(sys.argv[6])) if sys.argv[6:] else broker
    stretch = replay.stretch(kept, task.topics[0], "beginning", "end")
    task.assigned(list(stretch))

    def take(batch: Sequence[Message]) -> None:
        meter.begin()
        task.process(batch)

    replay.read(kept, stretch, take)
    meter.end()
    meter.tell(state=task.digest())


if __name__ == "__main__":
    main()
