"""The sandbox's world on a real node, as it was set up, for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import fetch
from sandbox.deploy import deploy
from sandbox.node import LocalNode, NodeOptions
from sandbox.world import World
from tests.integration.responders.place import Place
from tests.integration.responders.serving import run, setting

__all__ = ["run", "setting"]


def _report(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def braked_world(
    cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LocalNode, World]]:
    """A node with the world on it, for all tests of a file."""
    anvil = fetch.anvil(cache, _report)
    with LocalNode(tmp_path_factory.mktemp("n"), anvil, NodeOptions(mining=False)) as node:
        yield node, deploy(node, lambda name: fetch.npm_package(cache, name, _report))


@pytest.fixture
def place(braked_world: tuple[LocalNode, World], tmp_path: Path) -> Iterator[Place]:
    """The world, whatever the tests before did to it."""
    node, world = braked_world
    snapshot = node.rpc("evm_snapshot")
    place = Place(node, world, tmp_path)
    yield place
    place.close()
    node.rpc("anvil_dropAllTransactions")
    assert node.rpc("evm_revert", snapshot)
