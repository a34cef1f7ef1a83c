"""A node for all tests of a file, which each of them finds as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import fetch
from sandbox.node import LocalNode, NodeOptions


def _report(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def shared_node(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    """A chain that makes a block only when it is asked to."""
    anvil = fetch.anvil(cache, _report)
    with LocalNode(tmp_path_factory.mktemp("u"), anvil, NodeOptions(mining=False)) as started:
        yield started


@pytest.fixture
def chain_node(shared_node: LocalNode) -> Iterator[LocalNode]:
    """That chain, as it began."""
    snapshot = shared_node.rpc("evm_snapshot")
    yield shared_node
    assert shared_node.rpc("evm_revert", snapshot)
