"""Two villages on one broker: a case in one becomes a warning in the other."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account
from typer.testing import CliRunner, Result

from cli.main import app
from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from runtime.statement import signer_of
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from schemas.base import Record
from schemas.codec import decode_from, encode
from schemas.errors import ConfigurationError
from schemas.signals import Signal, Verdict
from schemas.topics import DEAD_LETTERS, EVENTS, INCIDENTS, SIGNALS
from tests.unit.neighbours.examples import address, key
from tests.unit.neighbours.test_outbound import case
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

FIREBREAK = str(Path(sys.executable).with_name("firebreak"))
MANIFEST = """
protocol = "{name}"
chain = "eip155:1"

[[contracts]]
address = "0x{address}"
role = "pool"
"""
LISTENING = """
[[issuers]]
name = "meadow"
address = "{issuer}"
concerns = ["eip155:1:0x{target}"]
confirmed = 20
"""


class Village:
    """One organisation: its topics, its manifest, its service."""

    def __init__(self, name: str, bootstrap: str, namespace: str, folder: Path) -> None:
        self.folder = folder / name
        self.broker = KafkaBroker({"bootstrap.servers": bootstrap}, namespace=f"{name}-{namespace}")
        self.broker.create((INCIDENTS, EVENTS, SIGNALS, DEAD_LETTERS))
        protocols = self.folder / "protocols"
        protocols.mkdir(parents=True)
        self.environment = {
            "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": f"{name}-{namespace}",
            "FIREBREAK_HOME": str(self.folder / "home"),
            "FIREBREAK_PROTOCOLS": str(protocols),
        }
        self.started: list[ChildProcess] = []

    def manifest(self, name: str, address: str, more: str = "") -> None:
        text = MANIFEST.format(name=name, address=address) + more
        (self.folder / "protocols" / f"{name}.toml").write_text(text)

    def private(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def serve(self, **environment: str) -> ChildProcess:
        log = self.folder / f"signals-{len(self.started)}.log"
        command = [FIREBREAK, "signals", "serve"]
        known = self.environment | environment
        self.started.append(ChildProcess(command, log, environment=known))
        return self.started[-1]

    def says(self, *arguments: str, given: str = "") -> Result:
        """Run a command of people's."""
        return CliRunner().invoke(
            app, ["signals", *arguments], env=self.environment, input=given.encode()
        )

    def on_topic(self) -> list[Record]:
        found: list[Record] = []

        def take(message: Message) -> None:
            found.append(decode_from(SIGNALS, message.value or b""))

        for number in range(SIGNALS.partitions):
            read_all(self.broker, Partition(SIGNALS.name, number), take)
        return found

    def signals(self) -> list[Signal]:
        return [one for one in self.on_topic() if isinstance(one, Signal)]


Found = Callable[[str], Village]


@pytest.fixture
def found(bootstrap: str, namespace: str, tmp_path: Path) -> Iterator[Found]:
    made: list[Village] = []

    def make(name: str) -> Village:
        made.append(Village(name, bootstrap, namespace, tmp_path))
        return made[-1]

    yield make
    for village in made:
        for process in village.started:
            process.kill()


def test_a_case_of_one_becomes_a_warning_of_the_other(found: Found) -> None:
    meadow, orchard = found("meadow"), found("orchard")
    pool, own = "aa" * 20, "bb" * 20
    meadow.manifest("meadow", pool)
    listening = LISTENING.format(issuer=address(9), target=pool)
    orchard.manifest("orchard", own, listening)
    port = free_port()
    receiving = orchard.serve(FIREBREAK_SIGNALS__WEB_PORT=str(port))
    subscribers = meadow.private(
        "subscribers.toml",
        f'[[subscribers]]\nname = "orchard"\nurl = "http://127.0.0.1:{port}/stix"\nform = "stix"\n',
    )
    issuing = {
        "FIREBREAK_SIGNALS__PUBLISH": "true",
        "FIREBREAK_SIGNALS__KEYSTORE": meadow.private(
            "issuer.json", json.dumps(Account.encrypt(key(9), "secret", iterations=2))
        ),
        "FIREBREAK_SIGNALS__KEYSTORE_PASSWORD_FILE": meadow.private("password", "secret\n"),
        "FIREBREAK_SIGNALS__SUBSCRIBERS": subscribers,
        "FIREBREAK_SIGNALS__TLP": "green",
    }
    issuer = meadow.serve(**issuing)
    producer = meadow.broker.producer()

    def happens(name: str) -> None:
        now = int(time.time())
        told = case(id=name * 64, opened=now - 60, latest=now)
        producer.send(INCIDENTS.name, encode(told), key=f"meadow/{told.id}".encode())
        producer.flush()

    happens("c")

    def arrived() -> bool:
        receiving.require_running()
        issuer.require_running()
        return bool(orchard.signals())

    until(arrived)
    (warning,) = orchard.signals()
    assert signer_of(warning) == warning.issuer == address(9)
    assert (warning.target, warning.tlp, warning.seq) == (f"eip155:1:0x{pool}", "green", 1)
    happens("c")
    happens("d")
    until(lambda: len(orchard.signals()) == 2)
    assert sorted(one.seq for one in meadow.signals()) == [1, 2]
    by_hand(orchard, warning)
    producer.close()


def by_hand(orchard: Village, warning: Signal) -> None:
    """What people do with a signal: look, carry it on, find it right."""
    (row,) = json.loads(orchard.says("list", "--json").stdout)
    assert (row["neighbour"], row["warns"]) == ("meadow", 2)
    assert row["odds"] > 1
    bundle = orchard.says("export", warning.id)
    assert bundle.exit_code == 0
    again = orchard.says("import", "-", given=bundle.stdout)
    assert (again.exit_code, "came before" in again.stdout) == (1, True)
    for wrong in (("export", "0000"), ("confirm", warning.id, "--protocol", "nobody")):
        assert isinstance(orchard.says(*wrong).exception, ConfigurationError)
    assert orchard.says("confirm", warning.id[:12], "--protocol", "orchard").exit_code == 0
    (verdict,) = [one for one in orchard.on_topic() if isinstance(one, Verdict)]
    assert (verdict.signal, verdict.issuer) == (warning.id, warning.issuer)
    (later,) = json.loads(orchard.says("list", "--json").stdout)
    assert later["ratio"] > row["ratio"]
