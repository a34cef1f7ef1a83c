"""`firebreak risk`: what it asks for before it starts."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from runtime.account import open_account
from runtime.service import Service
from runtime.settings import load
from runtime.signatures import generate
from schemas.errors import ConfigurationError


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, **environment: object) -> str:
    """Run it; return what it complains of."""
    for name, value in environment.items():
        monkeypatch.setenv(f"FIREBREAK_{name}", str(value))
    with pytest.raises(ConfigurationError) as caught:
        CliRunner().invoke(app, ["risk", "publish", *arguments], catch_exceptions=False)
    return str(caught.value)


def test_it_needs_a_key_to_sign_and_keys_to_believe(monkeypatch: pytest.MonkeyPatch) -> None:
    told = run(monkeypatch)
    assert "risk.signing_key" in told
    assert "firebreak keys risk" in told
    assert "respond.trusted_keys" in told


def test_it_needs_something_to_underwrite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    generate(tmp_path / "trusted", "detector")
    told = run(
        monkeypatch,
        RISK__SIGNING_KEY=generate(tmp_path / "own", "risk"),
        RESPOND__TRUSTED_KEYS=tmp_path / "trusted",
        PROTOCOLS=tmp_path / "none",
    )
    assert "no manifest" in told


def test_its_key_is_never_one_that_alerts_are_believed_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = run(
        monkeypatch,
        RISK__SIGNING_KEY=generate(tmp_path, "risk"),
        RESPOND__TRUSTED_KEYS=tmp_path,
    )
    assert "is among respond.trusted_keys" in told


def test_its_key_is_made_apart_from_the_detectors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path))
    made = [
        CliRunner().invoke(app, ["keys", name], catch_exceptions=False)
        for name in ("detector", "risk")
    ]
    assert [done.exit_code for done in made] == [0, 0]
    assert f"risk.signing_key = {tmp_path}" in made[1].output
    assert [path.name for path in (tmp_path / "keys").glob("*.pub.pem")] == ["detector.pub.pem"]


def test_armed_it_needs_an_account_and_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    from cli.risk import _chainside

    monkeypatch.setenv("FIREBREAK_RISK__ARMED", "true")
    with (
        pytest.raises(ConfigurationError, match=r"risk\.keystore and risk\.endpoints"),
        _chainside(load(), Service("risk")),
    ):
        pass


def test_without_an_account_nothing_reports() -> None:
    from cli.risk import _chainside

    with _chainside(load(), Service("risk")) as side:
        assert (side.nodes, side.account, side.reporter) == (None, None, None)


def test_a_keystore_is_for_its_owner_and_has_a_password(tmp_path: Path) -> None:
    assert open_account(None, None) is None
    keystore, password = tmp_path / "risk.json", tmp_path / "password"
    for path in (keystore, password):
        path.touch(mode=0o600)
    with pytest.raises(ConfigurationError, match="its password file is not set"):
        open_account(keystore, None)
    keystore.write_text("{}")
    password.write_text("secret\n")
    with pytest.raises(ConfigurationError, match="does not open it"):
        open_account(keystore, password)
    keystore.chmod(0o644)
    with pytest.raises(ConfigurationError, match="can be read by others"):
        open_account(keystore, password)
