"""`firebreak respond` as its own process: what it finds, and how it is watched."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from eth_account import Account

from runtime.broker import Message, Partition, Producer
from runtime.kafka import KafkaBroker
from runtime.signatures import Signer, generate, load_signer
from sandbox.arming import armed_by_two
from sandbox.process import ChildProcess
from schemas.actions import Action
from schemas.alerts import Alert
from schemas.codec import decode, encode
from schemas.headers import hop_headers, hops
from schemas.topics import ACTIONS, ALERTS, DEAD_LETTERS, READINESS, SIGNALS, TopicSpec
from tests import waiting
from tests.integration.responders.place import Place
from tests.unit.neighbours.examples import address, signal

PATIENCE = 90.0
"""Seconds. Seldom more than five are needed, but machines can be busy."""

FINAL = 3


class Topic:
    """What is on a topic, from its beginning."""

    def __init__(self, broker: KafkaBroker, spec: TopicSpec) -> None:
        self._consumer = broker.consumer()
        self._consumer.assign({Partition(spec.name, n): 0 for n in range(spec.partitions)})
        self.values: list[bytes] = []
        self.headers: list[dict[str, int]] = []
        self.messages: list[Message] = []

    def close(self) -> None:
        self._consumer.close()

    def read(self) -> None:
        for message in self._consumer.fetch(500, 0.05):
            self.messages.append(message)
            self.values.append(message.value or b"")
            self.headers.append({str(k): v for k, v in hops(message.headers).items()})

    def count(self) -> int:
        self.read()
        return len(self.values)

    def states(self) -> list[str]:
        self.read()
        return [decode(value, Action).state for value in self.values]


class Setting:
    """Keys, settings and topics that a responder finds."""

    def __init__(self, place: Place, broker: KafkaBroker, folder: Path) -> None:
        self.place = place
        self.folder = folder
        self.detector: Signer = load_signer(generate(folder / "keys", "detector"))
        self.step_key = generate(folder / "action-keys", "actions")
        key = place.world.accounts["responder"].signer.key
        self._private("keystore.json", json.dumps(Account.encrypt(key, "secret", iterations=2)))
        self._private("password", "secret\n")
        place.world.write_manifest(folder / "protocols", "spot-oracle")
        self.people = armed_by_two(folder / "journal.jsonl", folder / "people")
        broker.create((ALERTS, ACTIONS, READINESS, DEAD_LETTERS))
        self._broker = broker
        self.producer: Producer = broker.producer()
        self.actions = Topic(broker, ACTIONS)
        self.letters = Topic(broker, DEAD_LETTERS)

    def _private(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)

    def close(self) -> None:
        self.actions.close()
        self.letters.close()
        self.producer.close()

    def environment(self, bootstrap: str, namespace: str) -> dict[str, str]:
        return {
            "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": namespace,
            "FIREBREAK_HOME": str(self.folder / "home"),
            "FIREBREAK_PROTOCOLS": str(self.folder / "protocols"),
            "FIREBREAK_FINALITY": json.dumps({"eip155:31337": FINAL}),
            "FIREBREAK_RESPOND__ENDPOINTS": json.dumps([str(self.place.node.ipc)]),
            "FIREBREAK_RESPOND__TRUSTED_KEYS": str(self.folder / "keys"),
            "FIREBREAK_RESPOND__SIGNING_KEY": str(self.step_key),
            "FIREBREAK_RESPOND__ACTION_KEYS": str(self.folder / "action-keys"),
            "FIREBREAK_RESPOND__JOURNAL": str(self.folder / "journal.jsonl"),
            "FIREBREAK_RESPOND__ARMING_KEYS": str(self.people),
            "FIREBREAK_RESPOND__KEYSTORE": str(self.folder / "keystore.json"),
            "FIREBREAK_RESPOND__KEYSTORE_PASSWORD_FILE": str(self.folder / "password"),
            "FIREBREAK_RESPOND__LOOK_SECONDS": "0.05",
        }

    def publish(self, alert: Alert, signer: Signer | None = None) -> None:
        value = encode(alert)
        signed = (signer or self.detector).sign(value, sequence=1, expires=10**6)
        headers = (*signed, *hop_headers({"received": 10, "published": 20, "scored": 30}))
        self.producer.send(ALERTS.name, value, key=b"meadow", headers=headers)
        self.producer.flush()

    def listens_to_a_neighbour(self) -> None:
        """Let the manifest name one, and its topic be there."""
        (manifest,) = (self.folder / "protocols").glob("*.toml")
        listed = f'\n[[issuers]]\nname = "orchard"\naddress = "{address(1)}"\nconfirmed = 30\n'
        manifest.write_text(manifest.read_text() + listed)
        self._broker.create((SIGNALS,))

    def warn(self) -> None:
        """Let the neighbour warn of the pool."""
        expiry = self.place.hands.timestamp() + 3600
        pool = f"eip155:31337:{self.place.world.pool.address}"
        told = signal(1, target=pool, expiry=expiry, confidence=10_000)
        self.producer.send(SIGNALS.name, encode(told), key=told.issuer.encode())
        self.producer.flush()

    def mine_until(self, state: str) -> None:
        def reached() -> bool:
            self.place.hands.mine()
            return self.actions.states()[-1:] == [state]

        until(reached)


def until(condition: Callable[[], bool]) -> None:
    waiting.until(condition, PATIENCE)


@pytest.fixture
def setting(place: Place, broker: KafkaBroker, tmp_path: Path) -> Iterator[Setting]:
    setting = Setting(place, broker, tmp_path)
    yield setting
    setting.close()


Run = Callable[..., ChildProcess]


@pytest.fixture
def run(setting: Setting, bootstrap: str, namespace: str) -> Iterator[Run]:
    """Starts a responder with these arguments; all end with the test."""
    started: list[ChildProcess] = []

    def start(*arguments: str, **environment: str) -> ChildProcess:
        command = [str(Path(sys.executable).with_name("firebreak")), "respond", *arguments]
        log = setting.folder / f"respond-{len(started)}.log"
        known = setting.environment(bootstrap, namespace)
        started.append(ChildProcess(command, log, environment=known | environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()


@contextmanager
def running(process: ChildProcess) -> Iterator[None]:
    """Tell what it said if the test fails."""
    try:
        yield
    except AssertionError:
        pytest.fail(process.tail())


def shown(port: int, metric: str) -> list[float]:
    """Return what a process says at its health port, for every label; nothing before it does."""
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    except httpx.TransportError:
        return []
    found = re.findall(rf"^firebreak_{metric}{{.*}} (.*)$", text, re.MULTILINE)
    return [float(value) for value in found]
