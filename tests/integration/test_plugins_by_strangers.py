"""Plug-ins by strangers, from `firebreak detectors new` to the detect service on a real Kafka."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import pytest

from detectors import samples
from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from runtime.settings import CORE
from runtime.signatures import generate
from sandbox.process import ChildProcess
from schemas.alerts import Alert
from schemas.chain import Flow, Transaction
from schemas.codec import decode_from, encode
from schemas.topics import ALERTS, TOPICS, TRANSACTIONS
from tests.unit.ingest import recorded_block
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strangers run on Linux only")

BIN = Path(sys.executable).parent
PATIENCE = 120.0

HOSTILE = """
import os
from detectors.api import Detector, Explanation, Spec

class Hostile(Detector):
    def features(self, tx):
        self.misbehave()
        return {"x": 1.0}
    def score_one(self, x): return 1.0
    def learn_one(self, x, weight): pass
    def explain_one(self, x, tx): return Explanation()
    def dump(self): return {}
    def load(self, state): pass

def spec(name):
    return Spec(name=name, version="1.0.0", summary="s", technique="ADT3012", warm_up=0,
                false_positives=("f",), blind_spots=("b",))

class Loops(Hostile):
    spec = spec("loops")
    def misbehave(self):
        while True: pass

class Allocates(Hostile):
    spec = spec("allocates")
    def misbehave(self):
        kept = []
        while True: kept.append(bytearray(1 << 24))

class Forks(Hostile):
    spec = spec("forks")
    def misbehave(self):
        while True: os.fork()
"""
ENTRIES = """[firebreak.detectors]
loops = hostile_plugin:Loops
allocates = hostile_plugin:Allocates
forks = hostile_plugin:Forks
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder that plug-ins are installed into, on nobody's path but ours."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    return folder


def run(
    *command: str, folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def record(number: int, amount: int, movements: int = 1) -> Transaction:
    pool, token, user = samples.address(10), samples.address(20), samples.address(5000)
    flow = Flow(token=token, sender=pool, to=user, amount=str(amount))
    return samples.make(
        number, block=number, index=0, block_hash=f"0x{number:064x}", sender=user, to=pool,
        flows=(flow,) * movements, seen=("flows",),
    )  # fmt: skip


RECORDS = [record(n, 10**18 + n * 31 % 97 * 10**15) for n in range(300)] + [record(300, 10**24, 90)]


class Detecting:
    """`firebreak detect` over the records, as its own process."""

    def __init__(
        self, broker: KafkaBroker, folder: Path, environment: dict[str, str], set_name: str
    ) -> None:
        self.broker = broker
        self._set = set_name
        broker.create(TOPICS.values())
        self.send(RECORDS)
        settings = {
            "FIREBREAK_DETECT__SIGNING_KEY": str(generate(folder / "keys", "detector")),
            "FIREBREAK_FINALITY": json.dumps({samples.CHAIN: 2}),
        }
        command = [str(BIN / "firebreak"), "detect", "--set", set_name]
        self.process = ChildProcess(
            command, folder / "detect.log", folder=folder, environment=environment | settings
        )

    def send(self, records: Iterable[Transaction]) -> None:
        producer = self.broker.producer()
        for tx in records:
            producer.send(TRANSACTIONS.name, encode(tx), key=tx.protocol.encode())
        producer.flush()
        producer.close()

    def wait(self) -> None:
        until(self._done, PATIENCE)

    def is_off(self, name: str) -> bool:
        return f'firebreak_detector_off{{detector="{name}"}} 1.0' in self.asked("metrics")

    def _done(self) -> bool:
        assert self.process.status is None, self.process.tail()
        partitions = [Partition(TRANSACTIONS.name, n) for n in range(TRANSACTIONS.partitions)]
        group = f"firebreak-detect-{self._set}"
        return sum(self.broker.committed(group, partitions).values()) == len(RECORDS)

    def asked(self, path: str) -> str:
        (place,) = re.findall(r'"health": "([^"]+)"', self.process.log.read_text())
        with urllib.request.urlopen(f"http://{place}/{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def alerts(self) -> list[Alert]:
        found: list[Alert] = []

        def take(message: Message) -> None:
            alert = decode_from(ALERTS, message.value or b"")
            assert isinstance(alert, Alert)
            found.append(alert)

        for number in range(ALERTS.partitions):
            read_all(self.broker, Partition(ALERTS.name, number), take)
        return found


@pytest.fixture
def environment(bootstrap: str, namespace: str, site: Path, tmp_path: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(site),
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_KAFKA__NAMESPACE": namespace,
        "FIREBREAK_PROTOCOLS": str(tmp_path / "no-protocols"),
    }


@pytest.fixture
def running() -> Iterator[list[Detecting]]:
    started: list[Detecting] = []
    yield started
    for one in started:
        one.process.kill()


@pytest.mark.kafka
@pytest.mark.slow
def test_loops_memory_and_forks_stop_nobody_else(
    broker: KafkaBroker, site: Path, environment: dict[str, str], running: list[Detecting]
) -> None:
    (site / "hostile_plugin.py").write_text(HOSTILE)
    info = site / "hostile_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    names = [*CORE, "loops", "allocates", "forks"]
    hostile = environment | {
        "FIREBREAK_DETECT__ALLOWED": ",".join(names),
        "FIREBREAK_DETECT__SETS": json.dumps({"core": names}),
    }
    namespace = f"quiet-{environment['FIREBREAK_KAFKA__NAMESPACE']}"
    quiet = environment | {"FIREBREAK_KAFKA__NAMESPACE": namespace}
    servers = {"bootstrap.servers": environment["FIREBREAK_KAFKA__BOOTSTRAP_SERVERS"]}
    beside = KafkaBroker(servers, namespace=namespace)
    for folder in (site / "a", site / "b"):
        folder.mkdir()
    running.append(Detecting(broker, site / "a", hostile, "core"))
    running.append(Detecting(beside, site / "b", quiet, "core"))
    for one in running:
        one.wait()

    (theirs,), (ours,) = running[0].alerts(), running[1].alerts()
    further = count(len(RECORDS))

    def off() -> bool:
        # What is started again meets no record meanwhile; on a slow machine it takes more of them.
        running[0].send([record(next(further), 10**18)])
        return running[0].is_off("allocates") and running[0].is_off("forks")

    until(off, PATIENCE)
    metrics, ready = running[0].asked("metrics"), running[0].asked("readyz")
    for name in ("loops", "allocates", "forks"):
        assert f'firebreak_detector_faults_total{{detector="{name}"}}' in metrics
    for name in ("allocates", "forks"):
        assert f"without {name}" in ready
    log = running[0].process.log.read_text()
    assert "forks" in log
    assert "Operation not permitted" in log
    assert "no answer after" in log
    assert "MemoryError" in log

    assert ours.tx == RECORDS[-1].tx
    assert (theirs.id, theirs.score, theirs.summary) == (ours.id, ours.score, ours.summary)
    votes = {vote.detector: vote for vote in theirs.votes}
    assert [votes[vote.detector] for vote in ours.votes] == list(ours.votes)
    assert running[0].process.stop() == 0, running[0].process.tail()


@pytest.mark.kafka
def test_a_new_detector_is_made_installed_allowed_and_runs(
    broker: KafkaBroker, site: Path, tmp_path: Path, environment: dict[str, str],
    running: list[Detecting],
) -> None:  # fmt: skip
    made = run("firebreak", "detectors", "new", "many-moves", folder=tmp_path, environment={})
    assert made.returncode == 0, made.stderr
    package = tmp_path / "firebreak-many-moves"

    tested = run("pytest", "-q", folder=package, environment={})
    assert tested.returncode == 0, tested.stdout
    assert "3 passed" in tested.stdout

    installed = run(
        "uv", "pip", "install", "--offline", "--no-deps", "--no-build-isolation", "--python",
        sys.executable, "--target", str(site), str(package), folder=tmp_path, environment={},
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr

    listed = run("firebreak", "plugins", "list", "--json", folder=tmp_path, environment=environment)
    (shown,) = [row for row in json.loads(listed.stdout) if row["name"] == "many-moves"]
    assert (shown["distribution"], shown["allowed"]) == ("firebreak-many-moves", False)
    assert shown["confined"]

    recorded = tmp_path / "recorded"
    recorded.mkdir()
    (recorded / "block.json").write_text(json.dumps({"result": recorded_block.block()}))
    own = environment | {"FIREBREAK_DETECT__SETS": json.dumps({"own": ["many-moves"]})}
    score = ("firebreak", "score", str(recorded), "--set", "own", "--out", "scores.csv")
    refused = run(*score, folder=tmp_path, environment=own)
    assert refused.returncode == 2
    assert "'many-moves' is not on the allow-list" in refused.stderr.replace("\n", " ")

    own |= {"FIREBREAK_DETECT__ALLOWED": "many-moves"}
    scored = run(*score, folder=tmp_path, environment=own)
    assert scored.returncode == 0, scored.stderr
    rows = (tmp_path / "scores.csv").read_text().splitlines()
    assert len(rows) > 1, scored.stderr

    running.append(Detecting(broker, tmp_path, own, "own"))
    running[0].wait()
    (alert,) = running[0].alerts()
    assert alert.tx == RECORDS[-1].tx
    assert [vote.detector for vote in alert.votes] == ["many-moves"]
    assert "90 movements" in alert.summary
    assert running[0].asked("readyz") == "ok\n"
    assert running[0].process.stop() == 0, running[0].process.tail()
