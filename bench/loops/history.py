"""What `firebreak replay` does with a stretch of history, without what it prints.

python -m bench.loops.history BOOTSTRAP NAMESPACE KIND COUNT RUN
"""

import logging
from collections.abc import Sequence

from bench.loops.own import task_of
from bench.loops.scoring import Meter, job
from runtime import logs, replay
from runtime.broker import Message
from runtime.kafka import KafkaBroker


def main() -> None:
    """Read the whole topic again."""
    logs.configure("bench", "ERROR", "json")
    logging.disable(logging.WARNING)
    asked = job()
    broker = KafkaBroker({"bootstrap.servers": asked.bootstrap}, namespace=asked.space)
    task, meter = task_of(asked, broker, stored=False), Meter(asked.count)
    stretch = replay.stretch(broker, task.topics[0], "beginning", "end")
    task.assigned(list(stretch))

    def take(batch: Sequence[Message]) -> None:
        meter.begin()
        task.process(batch)

    replay.read(broker, stretch, take)
    meter.tell()


if __name__ == "__main__":
    main()
