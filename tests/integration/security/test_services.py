"""The whole chain of services over TLS and SCRAM, each with its own user's rights alone."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from incidents.entries import FOUND
from runtime.access import grants
from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from runtime.kafka_access import KafkaAccess
from runtime.signatures import generate, load_signer, sequence
from sandbox.arming import armed_by_two
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from sandbox.traffic import Traffic
from schemas.actions import Action
from schemas.codec import decode, encode
from schemas.incidents import Incident
from schemas.services import SERVICES
from schemas.topics import (
    ACTIONS,
    ALERTS,
    ASSESSMENTS,
    DETECTOR_STATE,
    FINDINGS,
    INCIDENTS,
    TOPICS,
    TRANSACTIONS,
    TopicSpec,
)
from tests.integration.responders.place import Place
from tests.integration.security.conftest import USER
from tests.secured_kafka import ADMIN, SecuredKafka
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]

PATIENCE = 120.0


class Deployment:
    """Five processes; each is told its own user, password and files, and nothing of the others'."""

    def __init__(self, secured: SecuredKafka, place: Place, folder: Path, namespace: str) -> None:
        self._secured, self._folder, self._space = secured, folder, namespace
        self.place = place
        self._keys = folder / "keys"
        self.signing_key = generate(self._keys, "detector")
        place.world.write_manifest(folder / "protocols", "spot-oracle")
        key = place.world.accounts["responder"].signer.key
        self._private(
            "keystore.json", json.dumps(Account.encrypt(key, "some secret", iterations=2))
        )
        self._private("password", "some secret\n")
        self._people = armed_by_two(folder / "journal.jsonl", folder / "people")
        self.processes: dict[str, ChildProcess] = {}
        self._broker = secured.broker(ADMIN, namespace)

    def _private(self, name: str, text: str) -> Path:
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def start(self) -> None:
        node = str(self.place.node.ipc)
        self._start("ingest", "ingest", "evm", "--endpoint", node, "--start", "0")
        self._start("assure", "assure", FIREBREAK_EVM__ENDPOINTS=node)
        self._start("detect", "detect", FIREBREAK_DETECT__SIGNING_KEY=str(self.signing_key))
        self._start(
            "respond",
            "respond",
            "--armed",
            FIREBREAK_RESPOND__ENDPOINTS=node,
            FIREBREAK_RESPOND__TRUSTED_KEYS=str(self._keys),
            FIREBREAK_RESPOND__JOURNAL=str(self._folder / "journal.jsonl"),
            FIREBREAK_RESPOND__ARMING_KEYS=str(self._people),
            FIREBREAK_RESPOND__KEYSTORE=str(self._folder / "keystore.json"),
            FIREBREAK_RESPOND__KEYSTORE_PASSWORD_FILE=str(self._folder / "password"),
        )
        self._start(
            "incidents",
            "incidents",
            FIREBREAK_INCIDENTS__WEB_PORT=str(free_port()),
            FIREBREAK_RESPOND__TRUSTED_KEYS=str(self._keys),
        )

        self._start("signals", "signals", "serve")

    def _start(self, service: str, *arguments: str, **more: str) -> None:
        user = USER.format(service=service)
        environment = self._secured.environment(user, self._space)
        password = environment.pop("FIREBREAK_KAFKA__SASL_PASSWORD")
        file = self._private(f"{service}.password", password)
        self.processes[service] = ChildProcess(
            [str(Path(sys.executable).with_name("firebreak")), *arguments],
            self._folder / f"{service}.log",
            environment=environment
            | more
            | {
                "FIREBREAK_KAFKA__SASL_PASSWORD_FILE": str(file),
                "FIREBREAK_HOME": str(self._folder / service),
                "FIREBREAK_PROTOCOLS": str(self._folder / "protocols"),
                "FIREBREAK_FINALITY": json.dumps({"eip155:31337": 2}),
            },
        )

    def values(self, topic: TopicSpec) -> list[bytes]:
        for process in self.processes.values():
            process.require_running()
        found: list[Message] = []
        for number in range(topic.partitions):
            read_all(self._broker, Partition(topic.name, number), found.append)
        return [message.value or b"" for message in found]

    def said(self) -> str:
        return "".join(process.log.read_text() for process in self.processes.values())

    def secrets(self) -> list[str]:
        files = [*self._folder.glob("*.password"), self._folder / "password"]
        pem = self.signing_key.read_text().splitlines()[1]
        return [*(file.read_text().strip() for file in files), pem]

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()


@pytest.fixture
def deployment(
    secured: SecuredKafka, place: Place, tmp_path: Path, namespace: str
) -> Iterator[Deployment]:
    secured.broker(ADMIN, namespace).create(TOPICS.values())
    needed = grants(SERVICES.values(), f"User:{USER}", namespace)
    access = KafkaAccess(secured.options(ADMIN))
    access.grant(needed)
    made = Deployment(secured, place, tmp_path, namespace)
    for name in SERVICES:
        user: KafkaBroker = secured.broker(USER.format(service=name), namespace)
        wanted = {topic.name for topic in SERVICES[name].writes}
        until(lambda: all(user.partitions(topic) for topic in wanted))  # noqa: B023 - called at once
    yield made
    made.close()


def test_every_service_does_its_work_with_its_own_rights_and_tells_no_secret(
    deployment: Deployment, secured: SecuredKafka, namespace: str
) -> None:
    place = deployment.place
    deployment.start()
    Traffic(place.world, place.node).block(5)
    place.hands.mine()
    until(lambda: deployment.values(TRANSACTIONS), PATIENCE)
    until(lambda: deployment.values(DETECTOR_STATE), PATIENCE)
    until(lambda: deployment.values(ASSESSMENTS) and deployment.values(FINDINGS), PATIENCE)

    # The detector's own user raises the alarm, with its own key.
    producer = secured.broker(USER.format(service="detect"), namespace).producer()
    signer, alert = load_signer(deployment.signing_key), place.alert(1)
    value = encode(alert)
    signed = signer.sign(value, sequence=sequence(alert.block, 0), expires=alert.block + 25)
    producer.send(ALERTS.name, value, key=b"meadow", headers=signed)
    producer.close()

    def states() -> list[str]:
        return [decode(v, Action).state for v in deployment.values(ACTIONS)]

    until(lambda: "broadcast" in states(), PATIENCE)
    place.hands.mine()
    until(lambda: "included" in states(), PATIENCE)
    assert place.paused()

    def braked() -> bool:
        cases = [decode(v, Incident) for v in deployment.values(INCIDENTS)]
        return any(case.sightings and case.measures for case in cases)

    until(braked, PATIENCE)

    def noted() -> bool:
        cases = [decode(v, Incident) for v in deployment.values(INCIDENTS)]
        return any(one.set == FOUND for case in cases for one in case.sightings)

    until(noted, PATIENCE)
    said = "".join(
        Path(f"/proc/{process.pid}/cmdline").read_text()
        for process in deployment.processes.values()
    )
    for process in deployment.processes.values():
        assert process.stop() == 0, process.tail()
    said += deployment.said()
    assert [secret for secret in deployment.secrets() if secret in said] == []
    assert "may not" not in said


def test_incidents_is_told_when_it_may_not_join_its_group(
    secured: SecuredKafka, tmp_path: Path, namespace: str
) -> None:
    """Faust's client is another one than that of the other services."""
    secured.broker(ADMIN, namespace).create(TOPICS.values())
    user = f"ungrouped-{namespace.strip('.')[-8:]}"
    secured.admit(user)
    access = KafkaAccess(secured.options(ADMIN))
    alone = replace(SERVICES["incidents"], groups=())
    access.grant(grants([alone], f"User:{user}", namespace))
    broker = secured.broker(user, namespace)
    until(lambda: broker.partitions(INCIDENTS.name))

    process = ChildProcess(
        [str(Path(sys.executable).with_name("firebreak")), "incidents"],
        tmp_path / "incidents.log",
        environment=secured.environment(user, namespace)
        | {
            "FIREBREAK_HOME": str(tmp_path / "home"),
            "FIREBREAK_INCIDENTS__WEB_PORT": str(free_port()),
        },
    )
    try:
        assert process.wait(PATIENCE) == 2, process.tail()
        said = " ".join(process.tail().split())
        assert "may not join it; grant it (firebreak acls apply)" in said
        assert user in said
    finally:
        process.kill()
