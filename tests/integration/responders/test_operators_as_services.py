"""Three operators as processes: each its own topics, detector's key, journal, account and door.

They share one chain, because local nodes do not find each other; everything else is theirs alone.
"""

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from runtime.kafka import KafkaBroker
from runtime.signatures import generate, load_signer
from sandbox.arming import armed_by_two
from sandbox.process import ChildProcess
from schemas.alerts import Alert
from schemas.codec import encode
from schemas.topics import ACTIONS, ALERTS, CONSENTS, DEAD_LETTERS, READINESS
from tests.integration.responders.operating import PEOPLE, Ring
from tests.integration.responders.place import Place
from tests.integration.responders.serving import FINAL, Topic, running
from tests.waiting import until

pytestmark = [pytest.mark.node, pytest.mark.kafka, pytest.mark.slow]

FIREBREAK = str(Path(sys.executable).with_name("firebreak"))


class Office:
    """All that one operator has."""

    def __init__(self, ring: Ring, number: int, bootstrap: str, space: str, folder: Path) -> None:
        self.folder = folder / f"operator-{number}"
        self.ring, self.number = ring, number
        self.namespace = f"{space.removesuffix('.')}-{number}."
        self.broker = KafkaBroker({"bootstrap.servers": bootstrap}, namespace=self.namespace)
        self.broker.create((ALERTS, ACTIONS, CONSENTS, READINESS, DEAD_LETTERS))
        self.detector = load_signer(generate(self.folder / "keys", "detector"))
        key = PEOPLE[number].signer.key
        self._private("keystore.json", json.dumps(Account.encrypt(key, "secret", iterations=2)))
        self._private("password", "secret\n")
        ring.write_manifest(self.folder / "protocols")
        self.people = armed_by_two(self.folder / "journal.jsonl", self.folder / "people")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.peers: list[str] = []
        self.producer = self.broker.producer()
        self.actions = Topic(self.broker, ACTIONS)
        self.words = Topic(self.broker, CONSENTS)
        self.bootstrap = bootstrap
        self.started: list[ChildProcess] = []

    def _private(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)

    def start(self, command: str, *arguments: str) -> ChildProcess:
        """Start one of its services."""
        own = self.folder
        environment = {
            "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": self.namespace,
            "FIREBREAK_HOME": str(own / "home"),
            "FIREBREAK_PROTOCOLS": str(own / "protocols"),
            "FIREBREAK_FINALITY": json.dumps({self.ring.place.chain.name: FINAL}),
            "FIREBREAK_CONSENTS__PORT": str(self.port),
            "FIREBREAK_CONSENTS__PEERS": json.dumps(self.peers),
        }
        if command == "respond":
            environment |= {
                "FIREBREAK_RESPOND__ENDPOINTS": json.dumps([str(self.ring.place.node.ipc)]),
                "FIREBREAK_RESPOND__TRUSTED_KEYS": str(own / "keys"),
                "FIREBREAK_RESPOND__JOURNAL": str(own / "journal.jsonl"),
                "FIREBREAK_RESPOND__ARMING_KEYS": str(self.people),
                "FIREBREAK_RESPOND__KEYSTORE": str(own / "keystore.json"),
                "FIREBREAK_RESPOND__KEYSTORE_PASSWORD_FILE": str(own / "password"),
                "FIREBREAK_RESPOND__LOOK_SECONDS": "0.05",
            }
        log = own / f"{command}-{len(self.started)}.log"
        self.started.append(
            ChildProcess([FIREBREAK, command, *arguments], log, environment=environment)
        )
        return self.started[-1]

    def publish(self, alert: Alert) -> None:
        """Let its detector alert."""
        value = encode(alert)
        signed = self.detector.sign(value, sequence=1, expires=10**6)
        self.producer.send(ALERTS.name, value, key=b"meadow", headers=signed)
        self.producer.flush()

    def close(self) -> None:
        for process in self.started:
            process.kill()
        self.actions.close()
        self.words.close()
        self.producer.close()


@pytest.fixture
def offices(place: Place, bootstrap: str, namespace: str, tmp_path: Path) -> Iterator[list[Office]]:
    ring = Ring(place, tmp_path)
    offices = [Office(ring, n, bootstrap, namespace, tmp_path) for n in range(len(PEOPLE))]
    for one in offices:
        one.peers = [f"http://127.0.0.1:{o.port}" for o in offices if o is not one]
    yield offices
    for one in offices:
        one.close()
    ring.close()


def test_two_of_three_brake_though_one_is_gone_and_one_was_killed(offices: list[Office]) -> None:
    place = offices[0].ring.place
    first, second, _gone = offices
    for one in (first, second):
        one.start("consents")
        one.start("respond", "--armed")
    first.publish(place.alert(1))
    with running(first.started[-1]):
        until(first.words.count)  # what it consented to is on disk before, and told after
    first.started[-1].kill()
    second.publish(place.alert(2))
    with running(second.started[-1]):
        until(lambda: "broadcast" in second.actions.states())
    first.start("respond", "--armed")

    def ended() -> bool:
        place.hands.mine()
        ends = ("final", "satisfied")
        return all(one.actions.states()[-1] in ends for one in (first, second))

    with running(first.started[-1]):
        until(ended)
    assert place.paused()
    assert len(place.brakes()) == 1


def passed(office: Office, hop: str) -> int:
    """Return when an operator's brake passed a hop, in nanoseconds."""
    return max(hops.get(hop, 0) for hops in office.actions.headers)


def test_words_take_moments_from_one_operator_s_broker_to_another_s(
    offices: list[Office],
) -> None:
    first, second, _gone = offices
    for one in (first, second):
        one.start("consents")
        one.start("respond", "--armed")
    for one in (first, second):
        logs = [process.log for process in one.started]
        until(lambda logs=logs: all("assigned" in log.read_text() for log in logs))  # type: ignore[misc]
    for number, one in enumerate((first, second)):
        one.publish(one.ring.place.alert(number + 1))
    until(lambda: all("broadcast" in one.actions.states() for one in (first, second)))
    decided = max(passed(one, "decided") for one in (first, second))
    sent = min(passed(one, "sent") for one in (first, second))
    print(f"from the second decision to the brake at the node: {(sent - decided) / 1e6:.0f} ms")  # noqa: T201
    assert sent - decided < 10e9


def test_one_operator_s_alert_and_another_s_key_are_not_enough(offices: list[Office]) -> None:
    place = offices[0].ring.place
    first, second, _gone = offices
    for one in (first, second):
        one.start("consents")
        one.start("respond", "--armed")
    first.publish(place.alert(1))
    value = encode(place.alert(2))
    stolen = first.detector.sign(value, sequence=1, expires=10**6)
    second.producer.send(ALERTS.name, value, key=b"meadow", headers=stolen)
    second.producer.flush()
    letters = Topic(second.broker, DEAD_LETTERS)
    with running(first.started[-1]):
        until(lambda: first.actions.states()[-1:] == ["consented"])
        until(lambda: letters.count() == 1)
    letters.close()
    place.hands.mine()
    assert second.actions.states() == []
    assert place.brakes() == []
