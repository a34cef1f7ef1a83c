"""What Kafka's own image makes of the environment in docker-compose.yml: the class that its entry
point runs is in Kafka's jars, so it can be asked without an image; and what a broker with these
settings lets each service do, by the certificates that deploy/make-secrets.sh made.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from runtime.access import grants
from runtime.broker import Producer
from runtime.kafka import KafkaBroker
from runtime.kafka_access import KafkaAccess
from runtime.settings import KafkaSettings
from sandbox import fetch
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from schemas.errors import ConfigurationError
from schemas.services import SERVICES
from schemas.topics import ACTIONS, ALERTS, RECOVERIES
from tests.unit.deploy.files import ROOT, make_secrets, read_yaml
from tests.waiting import until

pytestmark = pytest.mark.kafka


def _say_nothing(_line: str) -> None:
    """What is fetched for a test is fetched before, by `make test`."""


def _settings(
    cache: Path, tmp_path: Path
) -> tuple[dict[str, str], dict[str, str], dict[str, Path]]:
    """What the environment says, what the entry point made of it, and where."""
    services = read_yaml(ROOT / "docker-compose.yml")["services"]
    given = {
        name: value.rpartition(":-")[2].rstrip("}") if value.startswith("${") else value
        for name, value in services["kafka-1"]["environment"].items()
    }
    folders = {name: tmp_path / name for name in ("default", "mounted", "final", "data")}
    for folder in folders.values():
        folder.mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (folders["default"] / name).touch()  # as the image has them; ours say all that we rely on

    done = subprocess.run(
        [
            str(fetch.java(cache, _say_nothing)),
            "-cp",
            f"{fetch.kafka_libs(cache, _say_nothing)}/*",
            "kafka.docker.KafkaDockerWrapper",
            "setup",
            *("--default-configs-dir", folders["default"]),
            *("--mounted-configs-dir", folders["mounted"]),
            *("--final-configs-dir", folders["final"]),
        ],
        env={"PATH": os.environ["PATH"]} | given | {"KAFKA_LOG_DIRS": str(folders["data"])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    text = (folders["final"] / "server.properties").read_text()
    return given, dict(line.split("=", 1) for line in text.split("\n") if line), folders


def test_the_image_would_start_this_broker(cache: Path, tmp_path: Path) -> None:
    given, written, folders = _settings(cache, tmp_path)
    expected = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in given.items()
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS"
    }
    assert written == expected | {"log.dirs": str(folders["data"])}
    meta = (folders["data"] / "meta.properties").read_text()
    assert f"cluster.id={given['CLUSTER_ID']}" in meta
    assert "node.id=1" in meta
    assert {path.name for path in folders["final"].iterdir()} == {
        "server.properties",
        "log4j2.yaml",
        "tools-log4j2.yaml",
    }  # what has to be writable in a container whose root is not


class Secured:
    """The first broker of three, alone, on this machine; everything else as it is deployed."""

    def __init__(self, secrets: Path, port: int) -> None:
        self._secrets = secrets
        self._server = f"localhost:{port}"

    def settings(self, client: str) -> KafkaSettings:
        own = self._secrets / f"kafka-{client}.pem"
        return KafkaSettings(
            bootstrap_servers=self._server,
            security_protocol="ssl",
            ssl_ca_location=self._secrets / "kafka-ca.pem",
            ssl_certificate_location=own,
            ssl_key_location=own,
        )

    def stranger(self) -> dict[str, str]:
        return {
            "bootstrap.servers": self._server,
            "security.protocol": "ssl",
            "ssl.ca.location": str(self._secrets / "kafka-ca.pem"),
        }


def _answers(options: dict[str, str]) -> bool:
    try:
        return bool(AdminClient({**options, "log_level": 0}).list_topics(timeout=1.0).brokers)
    except KafkaException:
        return False


@contextmanager
def _broker(cache: Path, tmp_path: Path) -> Iterator[Secured]:
    make_secrets(tmp_path / "secrets", tmp_path)
    _, written, folders = _settings(cache, tmp_path)
    port, control = free_port(), free_port()
    alone = written | {
        "controller.quorum.voters": f"1@localhost:{control}",
        "listeners": f"CLIENTS://localhost:{port},CONTROLLER://localhost:{control}",
        "advertised.listeners": f"CLIENTS://localhost:{port}",
        "ssl.keystore.location": str(tmp_path / "secrets" / "kafka-1.pem"),
        "ssl.truststore.location": str(tmp_path / "secrets" / "kafka-ca.pem"),
    }
    alone |= {
        name: "1" for name in alone if re.search(r"replication\.factor|min\.in?sr|insync", name)
    }
    properties = folders["final"] / "server.properties"
    properties.write_text("".join(f"{name}={value}\n" for name, value in alone.items()))
    java = [str(fetch.java(cache, _say_nothing)), "-Xmx512m", "-XX:+UseSerialGC"]
    libs = f"{fetch.kafka_libs(cache, _say_nothing)}/*"
    broker = ChildProcess(
        [*java, "-cp", libs, "kafka.Kafka", str(properties)], tmp_path / "kafka.log"
    )
    secured = Secured(tmp_path / "secrets", port)
    try:
        until(lambda: _answers(secured.settings("admin").librdkafka()))
        yield secured
    finally:
        broker.kill()


def _write(producer: Producer, topic: str) -> None:
    producer.send(topic, b"{}")
    producer.flush()


def _allowed(secured: Secured, service: str, topic: str) -> Producer:
    """Return what has written there, once the broker has learnt of what was granted."""
    written: list[Producer] = []

    def writes() -> bool:
        producer = KafkaBroker(secured.settings(service).librdkafka()).producer()
        try:
            _write(producer, topic)
        except ConfigurationError:
            return False
        written.append(producer)
        return True

    until(writes)
    return written[0]


def test_its_broker_lets_each_service_do_what_it_needs_and_nobody_else(
    cache: Path, tmp_path: Path
) -> None:
    with _broker(cache, tmp_path) as secured:
        admin = KafkaBroker(secured.settings("admin").librdkafka())
        admin.create(replace(spec, partitions=1) for spec in (ALERTS, ACTIONS, RECOVERIES))
        access = KafkaAccess(secured.settings("admin").librdkafka())
        access.grant(grants(SERVICES.values(), "User:CN=firebreak-{service}"))

        detect = _allowed(secured, "detect", ALERTS.name)
        with pytest.raises(ConfigurationError, match="may not write"):
            _write(detect, ACTIONS.name)
        recover = _allowed(secured, "recover", RECOVERIES.name)
        with pytest.raises(ConfigurationError, match="may not write"):
            _write(recover, ALERTS.name)
        assert not _answers(secured.stranger()), "nobody is let in without a certificate"
