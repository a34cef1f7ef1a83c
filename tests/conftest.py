"""What tests stand on: a broker, a node, recorded data. Each is made when a test asks for it."""

import os
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from runtime import logs
from runtime.kafka import KafkaBroker
from runtime.settings import load
from sandbox import fetch
from sandbox.kafka import LocalKafka
from sandbox.node import LocalNode, NodeOptions

ROOT = Path(__file__).parent.parent

# An example's time says how busy the machine is; what must be fast has a test of its own.
settings.register_profile("firebreak", deadline=None)
settings.load_profile("firebreak")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let fault tests be repeated with another seed."""
    parser.addoption("--seed", type=int, default=1, help="of the fault tests' random choices")


def pytest_report_header(config: pytest.Config) -> str:
    """Say how to repeat this run."""
    return f"seed: {config.getoption('--seed')}"


def pytest_runtest_teardown() -> None:
    """What one test has masked in logs is no secret of the next."""
    logs._concealed.clear()


def _report(line: str) -> None:
    """Say nothing: what is fetched for a test is fetched before, by `make test`."""


@pytest.fixture(scope="session")
def cache() -> Path:
    """The folder of what was fetched."""
    return load().cache


@pytest.fixture(scope="session")
def kafka_of(cache: Path) -> Callable[[Path, int], LocalKafka]:
    """Makes a local cluster, not started yet: its folder, how many brokers."""
    libs, java = fetch.kafka_libs(cache, _report), fetch.java(cache, _report)
    return lambda folder, brokers: LocalKafka(folder, libs, java, brokers=brokers)


@pytest.fixture(scope="session")
def local_kafka(
    kafka_of: Callable[[Path, int], LocalKafka], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalKafka]:
    """A cluster that all tests of this process share, of as many brokers as
    `FIREBREAK_TEST_BROKERS` says (1 by itself); none may stop it."""
    brokers = int(os.environ.get("FIREBREAK_TEST_BROKERS", "1"))
    with kafka_of(tmp_path_factory.mktemp("kafka"), brokers) as kafka:
        yield kafka


@pytest.fixture
def own_kafka(kafka_of: Callable[[Path, int], LocalKafka], tmp_path: Path) -> Iterator[LocalKafka]:
    """A broker that belongs to one test, which may kill it and start it again."""
    with kafka_of(tmp_path / "kafka", 1) as kafka:
        yield kafka


@pytest.fixture
def own_cluster(
    kafka_of: Callable[[Path, int], LocalKafka], tmp_path: Path
) -> Iterator[LocalKafka]:
    """Three brokers that belong to one test, which may kill them and start them again."""
    with kafka_of(tmp_path / "kafka", 3) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def bootstrap(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a cluster: `KAFKA_BOOTSTRAP_SERVERS`; with `FIREBREAK_TEST_CONTAINERS` the
    Kafka image of `docker-compose.yml`, in a container; else local brokers."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
    elif os.environ.get("FIREBREAK_TEST_CONTAINERS"):
        containers = pytest.importorskip("tests.containers")
        with containers.contained_kafka() as address:
            yield address
    else:
        kafka: LocalKafka = request.getfixturevalue("local_kafka")
        yield kafka.bootstrap


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    """What goes in front of this test's topics and groups, so that it is alone on the broker."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", request.node.name)[:40]
    return f"{name}-{uuid.uuid4().hex[:8]}."


@pytest.fixture
def broker(bootstrap: str, namespace: str) -> KafkaBroker:
    """A broker with no topics that this test can see."""
    return KafkaBroker({"bootstrap.servers": bootstrap}, namespace=namespace)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL with one database, which whoever asks for it empties first
    (`tests.postgres.emptied`)."""
    from tests.postgres import postgres  # not every test needs a database's driver

    with postgres() as address:
        yield address


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
