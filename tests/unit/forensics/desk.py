"""A keeper at work on topics in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensics.record import database
from forensics.record.keeper import Keeper
from forensics.record.log_writer import LogWriter
from forensics.record.note import NoteSigner
from forensics.record.rebuilding import Rebuilding
from forensics.record.sealing import Sealing
from forensics.record.verification import Verified, verify
from runtime.broker import Partition
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.actions import Action
from schemas.codec import encode
from schemas.examples import FOLDER
from schemas.topics import ACTIONS, SEALS
from tests.forensic_log import SIGNER

SEALED = Partition(SEALS.name, 0)


class Desk:
    """A keeper at work on topics in memory."""

    def __init__(self, broker: MemoryBroker, log: LogWriter, signer: NoteSigner = SIGNER) -> None:
        self.broker = broker
        self.log = log
        self.metrics = Metrics()
        self.caught = Rebuilding(log, broker, signer.key).run()
        self.sealing = Sealing(log, signer, broker.producer(), self.metrics)
        self.keeper = Keeper(broker, log, self.sealing, self.metrics)

    def read(self, *, limit: int = 500) -> None:
        """Let it take what its topics hold beyond its leaves, one batch for each partition."""
        for topic in self.keeper.topics:
            for number in range(self.broker.partitions(topic)):
                partition = Partition(topic, number)
                start = self.keeper.assigned([partition])[partition]
                batch = self.broker.log(partition)[start : start + limit]
                if batch:
                    self.keeper.process(batch)
                    self.keeper.tick()

    def verified(self) -> Verified:
        return verify(self.log.reader, SIGNER.key)

    def findings(self) -> tuple[str, ...]:
        return self.verified().findings


@contextmanager
def at_work(
    broker: MemoryBroker, folder: Path, name: str = "record", signer: NoteSigner = SIGNER
) -> Iterator[Desk]:
    engine = database.connect(database.file_url(folder / f"{name}.sqlite"))
    try:
        with LogWriter.open(engine) as log:
            yield Desk(broker, log, signer)
    finally:
        engine.dispose()


def write(broker: MemoryBroker, *records: Action | bytes, topic: str = ACTIONS.name) -> None:
    producer = broker.producer()
    for record in records:
        value = record if isinstance(record, bytes) else encode(record)
        producer.send(topic, value, key=b"meadow")
    producer.flush()


def alert() -> bytes:
    return (FOLDER / "alerts-v1" / "alert.json").read_bytes()


def roots(desk: Desk) -> list[tuple[int, bytes]]:
    return [(seal.size, seal.root) for seal in desk.log.reader.seals()]
