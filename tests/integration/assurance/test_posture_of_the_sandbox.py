"""The sandbox's lending pool: its known flaw is found, and its brake, pulled through the gate, is
shown to stop every way out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.integration.responders.conftest import braked_world, place
from tests.integration.responders.place import Place

__all__ = ["braked_world", "place"]

pytestmark = pytest.mark.node


def test_its_flaw_is_found_and_its_brake_leaves_no_way_out(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place.world.write_manifest(tmp_path, "spot-oracle")
    monkeypatch.setenv("FIREBREAK_PROTOCOLS", str(tmp_path))
    monkeypatch.setenv("FIREBREAK_EVM__ENDPOINTS", str(place.node.ipc))
    monkeypatch.setenv("FIREBREAK_ASSURE__USERS", place.world.users[0].address)
    result = CliRunner().invoke(app, ["posture", "meadow", "--json"])
    assert result.exit_code == 1, (result.output, result.exception)
    (found,) = json.loads(result.output)
    weaknesses = {one["weakness"]: one for one in found["findings"]}
    assert set(weaknesses) == {"spot-price"}
    assert "getReserves()" in weaknesses["spot-price"]["evidence"][0]
    pool = found["contracts"][0]
    assert len(pool["functions"]) == 7
    assert {way["stance"] for way in pool["functions"]} == {"braked"}
    assert "withdraw(uint256)" in {way["function"] for way in pool["functions"]}
    assert {tuple(way["brakes"]) for way in pool["functions"]} == {("pause-pool",)}
