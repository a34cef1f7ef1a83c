"""Brokers die in the middle of a batch: what was acknowledged is there, once and in order."""

from random import Random

import pytest

from runtime.broker import Partition, read_all
from runtime.kafka import KafkaBroker
from sandbox import fetch
from sandbox.deploy import deploy
from sandbox.kafka import LocalKafka
from sandbox.node import LocalNode, NodeOptions
from sandbox.traffic import Traffic
from schemas.topics import ALERTS, TRANSACTIONS
from tests.faults import oracle
from tests.faults.deployment import FINALITY, Deployment
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node]

RECORDS = 4000
PATIENCE = 240.0


def write_through_a_kill(kafka: LocalKafka, victim: int, chance: Random) -> None:
    """Kill a broker with records on their way to it; all of them arrive, once and in order."""
    broker = KafkaBroker({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    broker.create([ALERTS])
    producer, where = broker.producer(), Partition(ALERTS.name, victim)
    death = chance.randrange(RECORDS)
    for number in range(RECORDS):
        producer.send(where.topic, b"%d" % number, partition=where.number)
        if number == death:
            kafka.members[victim].kill()
    if len(kafka.members) == 1:
        revive(kafka, victim)
    producer.flush()
    if len(kafka.members) > 1:
        revive(kafka, victim)
    found: list[bytes | None] = []
    read_all(broker, where, lambda message: found.append(message.value))
    assert found == [b"%d" % number for number in range(RECORDS)]


def revive(kafka: LocalKafka, number: int) -> None:
    kafka.members[number].launch()
    kafka.await_members(len(kafka.members))


@pytest.mark.faults
def test_the_only_broker_killed_in_mid_batch_loses_and_doubles_nothing(
    own_kafka: LocalKafka, chance: Random
) -> None:
    write_through_a_kill(own_kafka, 0, chance)


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_each_broker_of_three_killed_in_mid_batch_loses_and_doubles_nothing(
    own_cluster: LocalKafka, chance: Random
) -> None:
    for victim in range(3):
        write_through_a_kill(own_cluster, victim, chance)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("brokers", [1, 3])
def test_a_pipeline_whose_brokers_are_killed_one_by_one_publishes_and_scores_everything(
    request: pytest.FixtureRequest, brokers: int, chance: Random
) -> None:
    """Services may end, as they do when what they wrote is not known to be kept; they are started
    again, as whoever runs them would."""
    kafka: LocalKafka = request.getfixturevalue("own_kafka" if brokers == 1 else "own_cluster")
    cache, folder = request.getfixturevalue("cache"), request.getfixturevalue("tmp_path")
    with LocalNode(folder / "n", fetch.anvil(cache, print), NodeOptions(mining=False)) as node:
        world = deploy(node, lambda name: fetch.npm_package(cache, name, print))
        deployment = Deployment(
            folder,
            KafkaBroker({"bootstrap.servers": kafka.bootstrap, "log_level": 0}),
            {"bootstrap_servers": kafka.bootstrap, "namespace": ""},
            node,
            world,
        )
        try:
            under_fire(deployment, kafka, chance)
        finally:
            deployment.kill()


def under_fire(deployment: Deployment, kafka: LocalKafka, chance: Random) -> None:
    traffic = Traffic(deployment.world, deployment.node, chance.randrange(2**31))
    for name in ("ingest", "detect"):
        deployment.start(name)
    for victim in range(len(kafka.members)):
        for _ in range(chance.randint(3, 10)):
            traffic.block(8)
        kafka.members[victim].kill()
        for _ in range(3):
            traffic.block(8)
        revive(kafka, victim)
        deployment.restart_the_fallen()

    def quiet() -> bool:
        deployment.restart_the_fallen()
        return (
            oracle.newest_block(deployment.broker) == oracle.head(deployment.node)
            and deployment.behind("firebreak-detect-core", TRANSACTIONS.name) == 0
        )

    until(quiet, PATIENCE)
    deployment.stop()
    oracle.check_publication(deployment.broker, deployment.node, deployment.protocols)
    oracle.check_detection(deployment.broker, deployment.protocols, FINALITY)
