"""Every adapter of the broker port, in turn; a stage for the adapters of the chain."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.broker import Broker
from runtime.memory import MemoryBroker
from sandbox import fetch
from sandbox.node import LocalNode, NodeOptions
from tests.contract.members import THINGS, Pen
from tests.contract.stage import Stage


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def log(request: pytest.FixtureRequest) -> Broker:
    """Each adapter in turn, with one empty topic."""
    made: Broker = (
        MemoryBroker() if request.param == "memory" else request.getfixturevalue("broker")
    )
    made.create([THINGS])
    return made


@pytest.fixture
def write(log: Broker) -> Pen:
    """A way to write to the topic and wait until it is kept."""
    return Pen(log)


def _report(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def stage(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A node with people on it, for all tests of a file."""
    anvil = fetch.anvil(cache, _report)
    # The Roles modifier's package has it compiled for types, not for size: 26 kB.
    options = NodeOptions(mining=False, further=("--disable-code-size-limit",))
    with LocalNode(tmp_path_factory.mktemp("n"), anvil, options) as node:
        made = Stage(node, cache)
        yield made
        made.close()
