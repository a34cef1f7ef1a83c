"""The manifest that people copy from describes the demo's chain as it is."""

from pathlib import Path

import pytest

from runtime.manifests import load_manifest
from sandbox import fetch
from sandbox.deploy import deploy
from sandbox.node import LocalNode

pytestmark = pytest.mark.node

EXAMPLE = Path(__file__).parents[2] / "protocols" / "meadow.toml"


def test_the_example_names_the_demos_own_contracts_and_brake(
    node: LocalNode, cache: Path, tmp_path: Path
) -> None:
    world = deploy(node, lambda name: fetch.npm_package(cache, name, lambda _line: None))
    actual = load_manifest(world.write_manifest(tmp_path, "spot-oracle"))
    example = load_manifest(EXAMPLE)
    assert example.addresses == actual.addresses
    assert example.brakes == actual.brakes
    assert (example.halt, example.budget) == (actual.halt, actual.budget)
    assert (example.loss, example.assets) == (actual.loss, actual.assets)
