"""How far the consumer groups have come, by what they committed."""

from runtime.broker import Partition
from runtime.kafka import KafkaBroker
from schemas.errors import TransientError


def behind(broker: KafkaBroker, group: str, topic: str) -> int:
    """Return how many records of a topic a group has not committed yet."""
    partitions = [Partition(topic, number) for number in range(broker.partitions(topic))]
    try:
        done = broker.committed(group, partitions)
    except TransientError:  # the group has no coordinator yet
        return 1
    return sum(broker.bounds(p)[1] - done.get(p, 0) for p in partitions)
