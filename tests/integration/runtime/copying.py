"""A service as small as can be: copies each record of one topic to another."""

import sys
from collections.abc import Sequence

from runtime.broker import Message, Offsets, Partition
from runtime.kafka import KafkaBroker
from runtime.loop import Loop
from runtime.service import running
from runtime.settings import load


class Copying:
    """Holds back the copies of the newest batch until they are made durable."""

    def __init__(self, broker: KafkaBroker, source: str, target: str) -> None:
        self.topics: Sequence[str] = (source,)
        self._producer = broker.producer()
        self._target = target

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Start where the group stands."""
        return {}

    def process(self, batch: Sequence[Message]) -> None:
        """Copy."""
        for message in batch:
            self._producer.send(self._target, message.value or b"", partition=message.partition)

    def checkpoint(self, offsets: Offsets) -> None:
        """Wait until every copy is kept."""
        self._producer.flush()

    def released(self, partitions: Sequence[Partition]) -> None:
        """Know nothing of partitions."""

    def tick(self) -> None:
        """Have nothing due."""

    def ready(self) -> bool:
        """Take anything."""
        return True


def main(source: str, target: str, interval: float) -> None:
    """Copy until told to stop."""
    settings = load()
    kafka = settings.kafka
    broker = KafkaBroker(kafka.librdkafka(), namespace=kafka.namespace)
    with running("copying", settings) as service:
        task = Copying(broker, source, target)
        consumer = broker.consumer("copying")
        loop = Loop(
            consumer, task, service.clock, beat=service.health.beat, interval=interval, limit=20
        )
        loop.run(service.stop)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
