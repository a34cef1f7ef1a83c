"""Reading alone, to see what is left for everything else.

    python -m bench.loops.raw BOOTSTRAP NAMESPACE KIND COUNT RUN client|port

`client`: librdkafka through its own Python binding, 500 at a time. `port`: the broker port, with a
message of ours for each record.
"""

import sys

from confluent_kafka import Consumer, TopicPartition

from bench.loops.scoring import Job, Meter, job, makers
from runtime.broker import Partition
from runtime.kafka import KafkaBroker


def client(asked: Job, partitions: int, meter: Meter) -> None:
    """Read with the library alone."""
    consumer = Consumer({"bootstrap.servers": asked.bootstrap, "group.id": asked.group("raw")})
    consumer.assign([TopicPartition(asked.topic, number, 0) for number in range(partitions)])
    while meter.left > 0:
        batch = consumer.consume(500, 0.1)
        meter.begin()
        meter.left -= len(batch)
    meter.tell()
    consumer.close()


def port(asked: Job, partitions: int, meter: Meter) -> None:
    """Read through the broker port."""
    broker = KafkaBroker({"bootstrap.servers": asked.bootstrap}, namespace=asked.space)
    consumer, topic = broker.consumer(), makers()[asked.kind].topic.name
    consumer.assign({Partition(topic, number): 0 for number in range(partitions)})
    while meter.left > 0:
        batch = consumer.fetch(500, 0.1)
        meter.begin()
        meter.left -= len(batch)
    meter.tell()
    consumer.close()


def main() -> None:
    """Read once, in one of the two ways."""
    asked = job()
    read = {"client": client, "port": port}[sys.argv[6]]
    read(asked, makers()[asked.kind].topic.partitions, Meter(asked.count))


if __name__ == "__main__":
    main()
