"""What the drill says when something is taken away on a real node, and that nothing is sent."""

import json
from pathlib import Path

import orjson
import pytest
from eth_account import Account as KeyFile
from typer.testing import CliRunner

from cli.main import app
from responders.drill import Drill
from responders.levers import within_reach
from responders.outlook import Account, Outlook
from schemas.manifest import Brake
from tests.integration.responders.place import Place

pytestmark = pytest.mark.node

GWEI = 10**9


def trouble(place: Place, *brakes: Brake) -> list[str]:
    given = place.manifest.model_copy(update={"brakes": brakes or place.manifest.brakes})
    outlook = Outlook(place.chain, Account(place.signer.address, None), 500 * GWEI)
    found = Drill(outlook, within_reach([given], place.chain, 1)).rehearse()
    return [one.trouble for one in found]


def test_all_is_well_on_the_world_as_it_is_and_nothing_is_sent(place: Place) -> None:
    assert set(trouble(place)) == {""}
    assert place.pending() == {}


def test_the_command_says_no_while_a_brake_would_not_work(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIREBREAK_PROTOCOLS", str(next(tmp_path.glob("**/*.toml")).parent))
    monkeypatch.setenv("FIREBREAK_RESPOND__ENDPOINTS", str(place.node.ipc))
    key = place.world.accounts["responder"].signer.key
    keystore = tmp_path / "keystore.json"
    keystore.write_text(json.dumps(KeyFile.encrypt(key, "secret", iterations=2)))
    monkeypatch.setenv("FIREBREAK_RESPOND__KEYSTORE", str(keystore))
    ready = CliRunner().invoke(app, ["drill"])
    assert (ready.exit_code, ready.output.count(": ready")) == (0, len(place.manifest.brakes))
    place.by_safe(place.world.gate.call("kill"))
    told = CliRunner().invoke(app, ["drill", "--json"])
    assert told.exit_code == 1
    assert "Disarmed" in orjson.loads(told.output)[0]["trouble"]


def test_a_revoked_role_is_told(place: Place) -> None:
    (role,) = place.hands.read(place.world.pool, "PAUSER_ROLE")
    place.by_safe(place.world.pool.call("revokeRole", role, place.world.gate.address))
    assert any("lacks the role" in told for told in trouble(place))


def test_a_gate_that_was_killed_is_told(place: Place) -> None:
    place.by_safe(place.world.gate.call("kill"))
    assert all("Disarmed" in told for told in trouble(place))


def test_an_authority_that_lapsed_is_told(place: Place) -> None:
    place.hands.mine(21_600)
    assert all("AuthorityLapsed" in told for told in trouble(place))


def test_an_empty_account_is_told(place: Place) -> None:
    place.node.rpc("anvil_setBalance", place.signer.address, "0x1")
    place.hands.mine()
    assert all("holds 1 wei" in told for told in trouble(place))


def test_a_nonce_that_waits_is_told(place: Place) -> None:
    place.brake_by_hand()
    assert all("waits, and brakes behind it" in told for told in trouble(place))


def test_a_target_without_code_is_told(place: Place) -> None:
    bare = Brake(name="pause-nothing", adapter="pausable", target="0x" + "dd" * 20)
    (told,) = trouble(place, bare)
    assert "no contract at the target" in told
