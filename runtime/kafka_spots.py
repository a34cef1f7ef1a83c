"""How partitions are named on the cluster: with the namespace in front of the topic."""

from confluent_kafka import TopicPartition

from runtime.broker import Partition


def to_spot(namespace: str, partition: Partition, offset: int | None = None) -> TopicPartition:
    """Name a partition, and an offset in it, as the cluster does."""
    name = namespace + partition.topic
    if offset is None:
        return TopicPartition(name, partition.number)
    return TopicPartition(name, partition.number, offset)


def from_spot(namespace: str, spot: TopicPartition) -> Partition:
    """Name a partition as we do."""
    return Partition(spot.topic.removeprefix(namespace), spot.partition)
