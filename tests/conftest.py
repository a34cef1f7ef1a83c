"""What tests stand on: a broker, a node, recorded data. Each is made when a test asks for it."""

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.kafka import KafkaBroker
from runtime.settings import load
from sandbox import fetch
from sandbox.kafka import LocalKafka
from sandbox.node import LocalNode, NodeOptions

ROOT = Path(__file__).parent.parent


def _report(line: str) -> None:
    """Say nothing: what is fetched for a test is fetched before, by `make test`."""


@pytest.fixture(scope="session")
def cache() -> Path:
    """The folder of what was fetched."""
    return load().cache


@pytest.fixture(scope="session")
def local_kafka(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker that all tests of this process share; none may stop it."""
    libs, java = fetch.kafka_libs(cache, _report), fetch.java(cache, _report)
    with LocalKafka(tmp_path_factory.mktemp("kafka"), libs, java) as kafka:
        yield kafka


@pytest.fixture
def own_kafka(cache: Path, tmp_path: Path) -> Iterator[LocalKafka]:
    """A broker that belongs to one test, which may kill it and start it again."""
    libs, java = fetch.kafka_libs(cache, _report), fetch.java(cache, _report)
    with LocalKafka(tmp_path / "kafka", libs, java) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def bootstrap(request: pytest.FixtureRequest) -> str:
    """The address of a broker: `KAFKA_BOOTSTRAP_SERVERS`, else a local one."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        return given
    kafka: LocalKafka = request.getfixturevalue("local_kafka")
    return kafka.bootstrap


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    """What goes in front of this test's topics and groups, so that it is alone on the broker."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", request.node.name)[:40]
    return f"{name}-{uuid.uuid4().hex[:8]}."


@pytest.fixture
def broker(bootstrap: str, namespace: str) -> KafkaBroker:
    """A broker with no topics that this test can see."""
    return KafkaBroker({"bootstrap.servers": bootstrap}, namespace=namespace)


@pytest.fixture
def node(cache: Path, tmp_path: Path) -> Iterator[LocalNode]:
    """A chain of this test's own, which makes a block only when `evm_mine` asks for it."""
    anvil = fetch.anvil(cache, _report)
    with LocalNode(tmp_path / "node", anvil, NodeOptions(mining=False)) as started:
        yield started


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of recorded real data, which is not part of the repository."""
    given = os.environ.get("FIREBREAK_DATA")
    path = Path(given) if given else ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"no recorded data at {path}; FIREBREAK_DATA names its folder")
    return path
