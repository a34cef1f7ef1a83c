"""`firebreak audit keep` as its own process: a real broker, real kills, the log made again."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from eth_account import Account
from typer.testing import CliRunner

from cli.main import app
from forensics.record import database
from forensics.record.log_reader import LogReader
from forensics.record.note import Key, NoteSigner
from forensics.record.verification import verify
from forensics.record.witness import Witness, WitnessMemory
from forensics.record.witness_web import app as app_of
from runtime.kafka import KafkaBroker
from runtime.signatures import generate, load_private
from sandbox.node import LocalNode
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from schemas.codec import encode
from schemas.errors import ConfigurationError
from schemas.services import RECORDED
from schemas.topics import ACTIONS, SEALS
from tests.forensic_log import ORIGIN, WITNESS, action, of_kind
from tests.integration.contracts.hands import Hands
from tests.postgres import emptied
from tests.served import served

pytestmark = pytest.mark.kafka

PATIENCE = 90.0
MORTAL = Path(__file__).parents[2] / "faults" / "mortal.py"
LOOK_EVERY = 0.3
BRAKES = 8
STEPS = 40
MANIFEST = """
protocol = "orchard"
chain = "eip155:1"

[[contracts]]
address = "0x00000000000000000000000000000000000000aa"
role = "vault"
"""


class Office:
    """Where a log is kept: a broker, a key, a folder."""

    def __init__(
        self, bootstrap: str, broker: KafkaBroker, namespace: str, folder: Path, kept_in: str = ""
    ) -> None:
        """`kept_in` is the address of a PostgreSQL; without one it is a file."""
        self.broker = broker
        self._server = kept_in
        self.folder = folder
        self.web = free_port()
        secret = generate(folder, "log")
        manifests = folder / "protocols"
        manifests.mkdir()
        (manifests / "orchard.toml").write_text(MANIFEST)
        self.key: Key = NoteSigner(ORIGIN, load_private(secret)).key
        self.environment = {
            "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": namespace,
            "FIREBREAK_HOME": str(folder / "home"),
            "FIREBREAK_PROTOCOLS": str(manifests),
            "FIREBREAK_FORENSICS__ORIGIN": ORIGIN,
            "FIREBREAK_FORENSICS__SIGNING_KEY": str(secret),
            "FIREBREAK_FORENSICS__SEAL_SECONDS": "0.2",
            "FIREBREAK_FORENSICS__WEB_PORT": str(self.web),
        }
        if kept_in:
            self.environment["FIREBREAK_FORENSICS__DATABASE"] = kept_in
        broker.create([*RECORDED, SEALS])

    @property
    def database(self) -> str:
        return self._server or database.file_url(self._file)

    @property
    def _file(self) -> Path:
        return self.folder / "home" / "forensics" / "record.sqlite"

    def lose(self) -> None:
        """Lose the database, whatever it is."""
        if self._server:
            emptied(self._server)
        for path in self._file.parent.glob("record.sqlite*"):
            path.unlink()

    def start(self, *before: str) -> ChildProcess:
        command = [*(before or [str(Path(sys.executable).with_name("firebreak"))]), "audit", "keep"]
        return ChildProcess(command, self.folder / "keep.log", environment=self.environment)

    @contextmanager
    def log(self) -> Iterator[LogReader]:
        engine = database.connect(self.database)
        try:
            yield LogReader(engine)
        finally:
            engine.dispose()

    def write(self, brakes: range) -> None:
        producer = self.broker.producer()
        for step in range(STEPS):
            for brake in brakes:
                record = action(step, f"{brake:064x}", state="broadcast")
                producer.send(ACTIONS.name, encode(record), key=b"%d" % brake)
        producer.flush()
        producer.close()

    def kept(self) -> int:
        """How many sealed leaves are actions."""
        return self.sealed("action")

    def sealed(self, kind: str) -> int:
        """How many sealed leaves are of a kind; none while there is no log yet."""
        try:
            with self.log() as log:
                newest = log.newest_seal()
                size = newest.size if newest else 0
                return sum(leaf.position < size for leaf in of_kind(log, kind))
        except ConfigurationError:
            return 0


@pytest.fixture
def office(bootstrap: str, broker: KafkaBroker, namespace: str, tmp_path: Path) -> Office:
    return Office(bootstrap, broker, namespace, tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def either(
    request: pytest.FixtureRequest,
    bootstrap: str,
    broker: KafkaBroker,
    namespace: str,
    tmp_path: Path,
) -> Office:
    """An office that keeps its log in each kind of database in turn."""
    server = ""
    if request.param == "postgresql":
        server = emptied(request.getfixturevalue("postgres_server"))
    return Office(bootstrap, broker, namespace, tmp_path, server)


def wait(what: Callable[[], bool], process: ChildProcess) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        process.require_running()
        assert time.monotonic() < deadline, process.tail()
        time.sleep(LOOK_EVERY)


def run_until_it_dies(office: Office, operations: int) -> None:
    dying = office.start(sys.executable, str(MORTAL), str(operations))
    deadline = time.monotonic() + PATIENCE
    while dying.status is None and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    assert dying.status == -9, dying.tail()


def require_each_once(office: Office, count: int) -> None:
    with office.log() as log:
        found = verify(log, office.key)
        assert (found.findings, found.gaps, found.gone) == ((), (), 0)
        origins = [leaf[2:5] for leaf in of_kind(log, "action")]
        assert len(set(origins)) == len(origins) == count


def test_a_kill_loses_nothing_and_doubles_nothing(either: Office) -> None:
    office = either
    office.write(range(BRAKES))
    run_until_it_dies(office, 12)
    keep = office.start()
    lives, told_of_each = 2, 2
    wait(lambda: office.kept() == BRAKES * STEPS, keep)
    wait(lambda: office.sealed("configuration") == lives * told_of_each, keep)
    one = action(3, "0" * 64, state="broadcast")
    proof = httpx.get(f"http://127.0.0.1:{office.web}/proof/{one.id}", timeout=30)
    keep.kill()

    require_each_once(office, BRAKES * STEPS)
    with office.log() as log:  # each life told with what it began, and what its manifest says
        begun = [leaf.entry or b"" for leaf in of_kind(log, "configuration")]
        assert sum(b"forensics.origin" in entry for entry in begun) == lives
        told_manifests = [entry for entry in begun if rb"\"manifest\":" in entry]
        assert len(told_manifests) == lives
        assert all(b"orchard" in entry for entry in told_manifests)
    path = office.folder / "one.tlog-proof"
    path.write_bytes(proof.content)
    told = CliRunner().invoke(app, ["audit", "check", str(path), "--key", str(office.key)])
    assert told.exit_code == 0, told.output
    assert "proved: leaf" in told.output


def settings_of(office: Office, port: Hands, witness: str) -> dict[str, str]:
    """A contract on a node and its account, and a witness, as a keeper is told of them."""
    writer = port.funded("anchor")
    contract = port.create("RecordAnchor", writer.address, sha256(ORIGIN.encode()).digest())
    keystore, password = office.folder / "anchor.json", office.folder / "anchor.password"
    for path in (keystore, password):
        path.touch(mode=0o600)
    password.write_text("a secret")
    keystore.write_text(json.dumps(Account.encrypt(writer.signer.key, "a secret", iterations=2)))
    return {
        "FIREBREAK_FORENSICS__WITNESSES": json.dumps({str(WITNESS.key): witness}),
        "FIREBREAK_FORENSICS__ANCHOR_CONTRACT": contract.address,
        "FIREBREAK_FORENSICS__ANCHOR_ENDPOINTS": port.node.http,
        "FIREBREAK_FORENSICS__ANCHOR_KEYSTORE": str(keystore),
        "FIREBREAK_FORENSICS__ANCHOR_PASSWORD_FILE": str(password),
        "FIREBREAK_FORENSICS__ANCHOR_MINUTES": "100000",
    }


@pytest.mark.node
def test_a_brake_is_cosigned_and_on_chain_and_anyone_can_check_it(
    office: Office, node: LocalNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = Hands(node, "deployer")
    memory = WitnessMemory(office.folder / "memory.json", new=True)
    with served(app_of(Witness(WITNESS, [office.key], memory, lambda: 7))) as client:
        office.environment |= settings_of(office, port, str(client.base_url))
        producer = office.broker.producer()
        for step in range(2):  # the second authorises
            producer.send(ACTIONS.name, encode(action(step)), key=b"meadow")
        producer.flush()
        keep = office.start()
        address = f"http://127.0.0.1:{office.web}"

        def anchored() -> bool:
            port.chain.mine()
            try:
                found = httpx.get(f"{address}/records/{action(1).id}", timeout=10).json()
            except (httpx.HTTPError, ValueError):
                return False  # it has not started, or has nothing yet
            return bool(found["leaves"][0]["anchor"])

        wait(anchored, keep)
        found = httpx.get(f"{address}/records/{action(1).id}", timeout=10).json()["leaves"][0]
        proof = httpx.get(f"{address}/proof/{action(1).id}", timeout=10)
        keep.stop()

    assert found["witnesses"] == [WITNESS.key.name]
    for name, value in office.environment.items():
        monkeypatch.setenv(name, value)
    kept, path = str(office.folder / "anchors.json"), office.folder / "one.tlog-proof"
    path.write_bytes(proof.content)
    said = ""
    for arguments in (
        ["anchors", kept],
        ["verify", "--anchors", kept],
        ["check", str(path), "--anchors", kept, "--witness", str(WITNESS.key)],
    ):
        told = CliRunner().invoke(app, ["audit", *arguments])
        assert told.exit_code == 0, told.output
        said += told.output
    assert "seen by witness.example/w1 at 7" in said
    assert "on eip155:31337 in block" in said


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_after_many_kills_the_log_is_made_again_with_the_same_roots(either: Office) -> None:
    office, written = either, 0
    for life in (3, 5, 8, 11, 14, 17):
        office.write(range(written, written + BRAKES))
        written += BRAKES
        run_until_it_dies(office, life)
    keep = office.start()
    wait(lambda: office.kept() == written * STEPS, keep)
    keep.kill()
    require_each_once(office, written * STEPS)
    with office.log() as log:
        roots = [(seal.size, seal.root) for seal in log.seals()]

    office.lose()
    again = office.start()
    wait(lambda: office.kept() == written * STEPS, again)
    again.stop()
    require_each_once(office, written * STEPS)
    with office.log() as log:
        rebuilt = [(seal.size, seal.root) for seal in log.seals()]
        assert rebuilt[: len(roots)] == roots
