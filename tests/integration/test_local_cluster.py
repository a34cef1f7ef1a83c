"""A local cluster of three brokers: what two of them have survives the third."""

import pytest

from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from sandbox.kafka import LocalKafka
from schemas.topics import ALERTS, TOPICS

pytestmark = [pytest.mark.kafka, pytest.mark.faults]


def test_it_acknowledges_with_one_broker_down_and_not_with_two(own_cluster: LocalKafka) -> None:
    broker = KafkaBroker({"bootstrap.servers": own_cluster.bootstrap, "log_level": 0})
    assert broker.brokers() == 3
    broker.create(TOPICS.values())
    producer = broker.producer()
    where = Partition(ALERTS.name, 1)
    own_cluster.members[0].kill()
    producer.send(where.topic, b"kept", partition=where.number)
    producer.flush()
    own_cluster.members[0].launch()
    own_cluster.await_members(3)
    found: list[Message] = []
    read_all(broker, where, found.append)
    assert [message.value for message in found] == [b"kept"]
