"""One node for all tests of a module: each creates contracts of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import fetch
from sandbox.fetch_slither import installed
from sandbox.node import LocalNode, NodeOptions
from tests.integration.assurance.ground import Ground


def _report(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def ground(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A chain where contracts are created."""
    anvil = fetch.anvil(cache, _report)
    with LocalNode(tmp_path_factory.mktemp("node"), anvil, NodeOptions(mining=False)) as node:
        made = Ground(node, cache)
        yield made
        made.endpoints.close()


@pytest.fixture(scope="module")
def slither(cache: Path) -> str:
    """The command. `make slither` installs it."""
    found = installed(cache)
    if found is None:
        pytest.skip("Slither is not installed: `make slither`")
    return str(found)
