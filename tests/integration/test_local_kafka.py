"""The local broker: a real Kafka that comes up, keeps its data, and leaves nothing behind."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from sandbox import fetch
from sandbox.kafka import LocalKafka
from sandbox.ports import free_port, is_free
from schemas.errors import ConfigurationError
from schemas.topics import ALERTS, DEAD_LETTERS, TOPICS

pytestmark = pytest.mark.kafka


def _values(broker: KafkaBroker, partition: Partition) -> list[bytes | None]:
    found: list[Message] = []
    read_all(broker, partition, found.append)
    return [message.value for message in found]


def test_it_makes_every_topic_as_specified(broker: KafkaBroker) -> None:
    assert broker.differences(TOPICS.values()) == [f"{name} does not exist" for name in TOPICS]
    assert broker.create(TOPICS.values()) == list(TOPICS)
    assert broker.differences(TOPICS.values()) == []
    assert broker.create(TOPICS.values()) == []


def test_it_takes_the_largest_dead_letter(broker: KafkaBroker) -> None:
    broker.create([DEAD_LETTERS])
    producer = broker.producer()
    letter = os.urandom(DEAD_LETTERS.max_bytes)
    producer.send(DEAD_LETTERS.name, letter)
    producer.close()
    assert _values(broker, Partition(DEAD_LETTERS.name, 0)) == [letter]


def test_two_tests_on_one_broker_do_not_see_each_other(bootstrap: str, namespace: str) -> None:
    options = {"bootstrap.servers": bootstrap}
    KafkaBroker(options, namespace=namespace).create([ALERTS])
    assert KafkaBroker(options, namespace=f"other-{namespace}").partitions(ALERTS.name) == 0


def test_what_it_acknowledged_survives_a_kill(own_kafka: LocalKafka) -> None:
    before = own_kafka.bootstrap
    broker = KafkaBroker({"bootstrap.servers": before, "log_level": 0})
    broker.create([ALERTS])
    producer = broker.producer()
    producer.send(ALERTS.name, b"kept", partition=2)
    producer.close()
    own_kafka.kill()
    own_kafka.start()
    assert own_kafka.bootstrap == before
    assert _values(broker, Partition(ALERTS.name, 2)) == [b"kept"]


def test_stopping_it_leaves_no_process(own_kafka: LocalKafka) -> None:
    pid = own_kafka.pid
    own_kafka.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def kafka_command(*arguments: str, home: Path) -> tuple[int, str]:
    done = subprocess.run(
        [Path(sys.executable).parent / "firebreak", "kafka", *arguments],
        env=os.environ | {"FIREBREAK_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_command_leaves_a_broker_running_until_it_is_told_to_end_it(tmp_path: Path) -> None:
    port = str(free_port())
    try:
        status, said = kafka_command("up", "--port", port, home=tmp_path)
        assert status == 0, said
        assert f"Kafka runs on 127.0.0.1:{port}" in said
        broker = KafkaBroker({"bootstrap.servers": f"127.0.0.1:{port}"})
        assert broker.differences(TOPICS.values()) == []
    finally:
        assert kafka_command("down", home=tmp_path)[0] == 0
    assert is_free(int(port))
    assert kafka_command("status", home=tmp_path)[0] == 1


def test_a_taken_port_is_said_to_be_taken(cache: Path, tmp_path: Path) -> None:
    libs, java = fetch.kafka_libs(cache, print), fetch.java(cache, print)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"Kafka needs port {port} .* it is taken"):
            LocalKafka(tmp_path, libs, java, port).start()
    assert not (tmp_path / "data").exists()
