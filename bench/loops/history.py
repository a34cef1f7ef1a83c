"""What `firebreak replay` does with a stretch of history, without what it prints.

python -m bench.loops.history BOOTSTRAP NAMESPACE KIND COUNT RUN [PROCESSES PROCESS [ARCHIVE]]

The process is the PROCESS-th, from 0, of PROCESSES that share the partitions. With an archive's
folder, history is read from there; alerts go to the broker all the same.
"""

import logging
import sys
from pathlib import Path

from bench.loops.scoring import Meter, job, makers
from detectors.replaying import score_again, shares
from forensics.archive.history import Archive
from runtime import logs, replay
from runtime.broker import History
from runtime.kafka import KafkaBroker


def main() -> None:
    """Read this process' share of the topic again."""
    logs.configure("bench", "ERROR", "json")
    logging.disable(logging.WARNING)
    asked = job()
    processes, process = map(int, sys.argv[6:8] or ("1", "0"))
    broker = KafkaBroker({"bootstrap.servers": asked.bootstrap}, namespace=asked.space)
    maker, meter = makers()[asked.kind], Meter(asked.count)
    kept: History = Archive(Path(sys.argv[8])) if sys.argv[8:] else broker
    stretch = replay.stretch(kept, maker.topic.name, "beginning", "end")
    part = shares(stretch, processes)[process]
    meter.left = sum(last - first for first, last in part.values())

    def tell(count: int) -> None:
        meter.left -= count
        if meter.left == 0:
            meter.end()  # before what was learned is put into words

    meter.begin()  # what it takes until the first records are here is part of a replay
    found = score_again(kept, part, maker, broker.producer(), tell)
    meter.tell(learned=found.learned)


if __name__ == "__main__":
    main()
