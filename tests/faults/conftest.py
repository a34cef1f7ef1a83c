"""What fault tests stand on: a seed, a world on a chain of its own, a deployment."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from runtime.kafka import KafkaBroker
from sandbox import fetch
from sandbox.deploy import deploy
from sandbox.node import LocalNode, NodeOptions
from tests.faults.deployment import FINALITY, Deployment


def _report(line: str) -> None:
    """Say nothing."""


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The run's seed; `--seed N` repeats a run."""
    given: int = request.config.getoption("--seed")
    return given


@pytest.fixture
def chance(seed: int, request: pytest.FixtureRequest) -> Random:
    """Random numbers that depend on the seed and the test alone."""
    return Random(f"{seed} {request.node.name}")


@pytest.fixture
def finality() -> int:
    """Blocks after which the deployment's chain counts as final; a test may say otherwise."""
    return FINALITY


@pytest.fixture
def deployment(
    cache: Path, tmp_path: Path, bootstrap: str, namespace: str, finality: int
) -> Iterator[Deployment]:
    """A deployment with a chain of its own; nothing runs yet."""
    anvil = fetch.anvil(cache, _report)
    with LocalNode(tmp_path / "n", anvil, NodeOptions(mining=False)) as node:
        world = deploy(node, lambda name: fetch.npm_package(cache, name, _report))
        made = Deployment(
            tmp_path,
            KafkaBroker({"bootstrap.servers": bootstrap}, namespace=namespace),
            {"bootstrap_servers": bootstrap, "namespace": namespace},
            node,
            world,
            finality=finality,
        )
        try:
            yield made
        finally:
            made.kill()
