"""On a real Kafka: where records go, and the commands that send them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.broker import Message
from runtime.kafka import KafkaBroker
from runtime.partitioner import partition_of
from sandbox.node import LocalNode
from schemas import headers
from schemas.chain import Transaction
from schemas.codec import decode_from
from schemas.topics import EVENTS, TOPICS, TRANSACTIONS
from tests.integration.ingest.running import RunningIngest, deploy, mine, published_chain
from tests.publication import check_deployments, log, read_back

pytestmark = pytest.mark.kafka


def test_keys_go_where_kafkas_own_partitioner_puts_them(broker: KafkaBroker) -> None:
    broker.create([EVENTS])
    keys = [b"meadow", b"eip155:1", *(b"0x%040x" % (number * 7919) for number in range(100))]
    producer = broker.producer()
    for key in keys:
        producer.send(EVENTS.name, b"{}", key=key)
    producer.flush()
    found = {message.key: message.partition for message in log(broker, EVENTS)}
    assert found == {key: partition_of(key, EVENTS.partitions) for key in keys}


@pytest.mark.node
def test_a_live_chain_is_on_the_topics_as_it_is_on_the_node(
    broker: KafkaBroker, node: LocalNode
) -> None:
    deploy(node)
    with RunningIngest(broker, [str(node.ipc)]) as ingest:
        for _ in range(5):
            mine(node, calls=3)
        ingest.wait_for(lambda: ingest.is_at(6))
    chain, records = read_back(broker)
    assert chain == published_chain(broker)
    assert set(records.values()) == {1}
    assert check_deployments(broker) == {chain[1]}
    hops = [headers.hops(message.headers) for message in log(broker, TRANSACTIONS)]
    assert all(0 < hop["published"] - hop["received"] < 60e9 for hop in hops)


class Command:
    """`firebreak ingest`, as people type it."""

    def __init__(self, bootstrap: str, namespace: str, folder: Path) -> None:
        self._environment = {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": namespace,
            "FIREBREAK_PROTOCOLS": str(folder / "none"),
            "COLUMNS": "120",
        }

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", "from cli.main import main; main()", "ingest", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def command(bootstrap: str, namespace: str, tmp_path: Path) -> Command:
    return Command(bootstrap, namespace, tmp_path)


def transactions(messages: list[Message]) -> list[Transaction]:
    records = (decode_from(TRANSACTIONS, message.value or b"") for message in messages)
    return [record for record in records if isinstance(record, Transaction)]


def test_recorded_files_are_published_once_however_often_it_is_asked_for(
    command: Command, broker: KafkaBroker, data: Path
) -> None:
    broker.create(TOPICS.values())
    path = str(data / "balancer_sta_block")
    first, second = (command.run("files", path, "--json") for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    totals: list[dict[str, Any]] = [json.loads(run.stdout)["total"] for run in (first, second)]
    assert (totals[0]["published"], totals[0]["already_there"]) == (28, 0)
    assert (totals[1]["published"], totals[1]["already_there"]) == (0, 28)
    found = transactions(log(broker, TRANSACTIONS))
    assert sorted(record.index for record in found) == list(range(28))
    assert sum(len(record.logs) for record in found) == 613
    assert len(log(broker, EVENTS)) == 613
    table = command.run("files", path)
    assert "already there" in table.stdout
    assert table.stdout.count("28") >= 2


def test_missing_topics_are_named_with_the_way_to_make_them(command: Command, data: Path) -> None:
    for arguments in (["files", str(data / "prices")], ["evm", "--endpoint", "/nowhere.ipc"]):
        run = command.run(*arguments)
        assert run.returncode == 2
        assert "firebreak topics create" in " ".join(run.stderr.split())


def test_without_an_endpoint_the_ways_to_name_one_are_named(
    command: Command, broker: KafkaBroker
) -> None:
    broker.create(TOPICS.values())
    run = command.run("evm")
    assert run.returncode == 2
    assert "--endpoint" in run.stderr


def test_a_path_where_nothing_is_is_a_mistake_of_the_caller(
    command: Command, broker: KafkaBroker, tmp_path: Path
) -> None:
    broker.create(TOPICS.values())
    run = command.run("files", str(tmp_path / "nowhere"))
    assert run.returncode == 2
    assert "nowhere" in run.stderr
