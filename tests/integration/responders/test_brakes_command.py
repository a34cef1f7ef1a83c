"""What an operator is shown of brakes, by a node."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from schemas.errors import ConfigurationError
from tests.integration.responders.place import Place

pytestmark = pytest.mark.node


@pytest.fixture
def run(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    return Run(place, tmp_path, monkeypatch)


class Run:
    """The command, in the place's world, with a manifest that may be changed."""

    def __init__(self, place: Place, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.manifest = next(folder.glob("**/*.toml"))
        patch.setenv("FIREBREAK_HOME", str(folder / "home"))
        patch.setenv("FIREBREAK_PROTOCOLS", str(self.manifest.parent))
        patch.setenv("FIREBREAK_RESPOND__ENDPOINTS", str(place.node.ipc))
        patch.chdir(folder)

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["brakes", *arguments])

    def rewrite(self, old: str, new: str) -> None:
        self.manifest.write_text(self.manifest.read_text().replace(old, new))


def test_a_brake_is_shown_with_what_has_to_be_allowed(place: Place, run: Run) -> None:
    (row,) = orjson.loads(run("list", "--json").output)
    assert row["calls"] == ["0x8456cb59"]
    assert row["target"] == place.world.pool.address
    assert row["route"] == f"gate {place.world.gate.address}"
    assert row["state"] == "open"
    assert "withdrawal" in row["stops"]
    place.brake_by_hand()
    place.hands.mine()
    assert "state: braked" in run("list").output


def test_a_brake_is_shown_with_what_it_guards(place: Place, run: Run) -> None:
    pool = place.world.pool.address
    assert orjson.loads(run("list", "--json").output)[0]["guards"] == []
    assert "guards: the whole protocol" in run("list").output
    run.rewrite('adapter = "gate"', f'adapter = "gate"\nguards = ["{pool}"]')
    assert orjson.loads(run("list", "--json").output)[0]["guards"] == [pool.lower()]
    assert f"guards: {pool.lower()}" in run("list").output


def test_owners_are_given_what_the_safe_takes(place: Place, run: Run) -> None:
    safe, (name,) = place.world.safe, [brake.name for brake in place.manifest.brakes]
    run.rewrite(f'gate = "{place.world.gate.address}"', f'safe = "{safe.address}"')
    run.rewrite('adapter = "gate"', 'adapter = "generic"')
    rows = orjson.loads(run("safe", place.manifest.protocol, name, "--count", "2").output)
    nonce = place.hands.read(safe, "nonce")[0]
    assert [row["typed"]["message"]["nonce"] for row in rows] == [nonce, nonce + 1]
    for row in rows:
        terms = row["typed"]["message"] | {"data": bytes.fromhex("8456cb59")}
        on_chain = place.hands.read(safe, "getTransactionHash", *terms.values())[0]
        assert row["hash"] == row["proposal"]["contractTransactionHash"] == "0x" + on_chain.hex()


def test_a_brake_without_a_safe_has_nothing_to_sign(place: Place, run: Run) -> None:
    (name,) = [brake.name for brake in place.manifest.brakes]
    for arguments, said in (((name,), "no Safe is named"), (("other",), "no manifest has")):
        result = run("safe", place.manifest.protocol, *arguments)
        assert isinstance(result.exception, ConfigurationError)
        assert said in str(result.exception)
