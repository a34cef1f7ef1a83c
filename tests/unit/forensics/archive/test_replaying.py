"""A replay does not know whether its records come from the log or from the archive."""

from pathlib import Path

import msgspec

from detectors.publisher import Publisher
from detectors.samples import address, transactions
from detectors.service import DetectTask
from detectors.sets import HostMaker, load_set
from forensics.archive.history import Archive
from runtime import replay
from runtime.broker import History
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.settings import CORE
from schemas.chain import Flow
from schemas.topics import ALERTS, DEAD_LETTERS, TRANSACTIONS
from tests.unit.forensics.archive.stand import everything, keep, log, put

PROTOCOLS = ("acre", "brook")


def history() -> MemoryBroker:
    """Ordinary transactions of two protocols, and of each one that is not."""
    broker, records = log(), list(transactions(150))
    theft = Flow(token=address(20), sender=address(10), to=address(777), amount=str(10**26))
    last = records[-1]
    records.append(
        msgspec.structs.replace(last, flows=(theft,) * 30, calls=last.calls * 40, block=60)
    )
    for number, record in enumerate(records):
        for partition, protocol in enumerate(PROTOCOLS):
            moved = msgspec.structs.replace(
                record, protocol=protocol, block=number // 3 + 1, index=number % 3
            )
            put(broker, TRANSACTIONS, moved, partition)
    return broker


def replayed(source: History) -> tuple[list[bytes], str]:
    """Return the alerts that a history raises, and the digest of what was learned from it."""
    output = log(ALERTS, DEAD_LETTERS)
    metrics, producer = Metrics(), output.producer()
    task = DetectTask(
        Intake(producer, metrics, "replay"),
        Publisher(producer, SystemClock(), metrics, signer=None),
        HostMaker("core", load_set(CORE, CORE), {}, lambda _chain: 4),
        metrics,
        store=None,
    )
    stretch = replay.stretch(source, TRANSACTIONS.name, "beginning", "end")
    task.assigned(list(stretch))
    replay.read(source, stretch, task.process)
    found = everything(output, ALERTS.name)
    return sorted(message.value or b"" for message in found), task.digest()


def test_alerts_and_what_was_learned_are_the_same(tmp_path: Path) -> None:
    broker = history()
    keep(broker, tmp_path, TRANSACTIONS.name, turns=60)
    alerts, state = replayed(broker)
    assert len(alerts) >= len(PROTOCOLS)
    assert replayed(Archive(tmp_path)) == (alerts, state)
