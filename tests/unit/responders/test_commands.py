from functools import partial
from pathlib import Path

import pytest
from eth_account import Account
from typer.testing import CliRunner, Result

from cli.main import app
from responders.equipment import password_in
from responders.signer import address_of, open_keystore
from runtime.signatures import load_signer, load_verifier
from schemas.errors import ConfigurationError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Account, "encrypt", partial(Account.encrypt, iterations=2))
    return tmp_path / "home"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("name", ["responder", "heartbeat"])
def test_keys_of_accounts_are_encrypted_and_their_passwords_private(home: Path, name: str) -> None:
    result = run("keys", name)
    assert result.exit_code == 0
    keystore, password = home / "keys" / f"{name}.json", home / "keys" / f"{name}.password"
    signer = open_keystore(keystore, password_in(password), 1)
    assert signer.address == address_of(keystore)
    assert signer.address in result.output
    assert str(keystore) in result.output
    assert password.read_text().strip() not in result.output


def test_a_password_of_ones_own_is_used(home: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("a long sentence\n")
    mine.chmod(0o600)
    assert run("keys", "responder", "--password-file", str(mine)).exit_code == 0
    open_keystore(home / "keys" / "responder.json", password_in(mine), 1)
    assert not (home / "keys" / "responder.password").exists()


def test_a_detectors_key_signs_what_its_public_half_believes(home: Path) -> None:
    assert run("keys", "detector").exit_code == 0
    load_signer(home / "keys" / "detector.pem")
    load_verifier(home / "keys")


@pytest.mark.parametrize("name", ["responder", "heartbeat", "detector"])
def test_no_key_is_ever_overwritten(home: Path, name: str) -> None:
    run("keys", name)
    before = {path: path.read_bytes() for path in (home / "keys").iterdir()}
    assert isinstance(run("keys", name).exception, ConfigurationError)
    assert {path: path.read_bytes() for path in (home / "keys").iterdir()} == before


def test_an_armed_responder_without_its_means_does_not_start() -> None:
    error = run("respond", "--armed").exception
    assert isinstance(error, ConfigurationError)
    assert "respond.keystore" in str(error)
    assert "respond.journal" in str(error)
    assert "respond.arming_keys" in str(error)


def test_a_key_is_replaced_step_by_step(home: Path) -> None:
    assert run("keys", "detector").exit_code == 0
    assert run("keys", "detector", "--name", "detector-2").exit_code == 0
    old = load_signer(home / "keys" / "detector.pem").key_id
    listed = run("keys", "list").output
    assert listed.count("believed") == 2
    assert old in listed

    done = run("keys", "retire", old, "--chain", "eip155:1", "--after", "21500000")
    assert done.exit_code == 0, done.output
    assert (
        f"{old}  detector.pub.pem  until block 21500000 of eip155:1" in run("keys", "list").output
    )

    unknown = run("keys", "retire", "0" * 32, "--chain", "eip155:1", "--after", "1")
    assert isinstance(unknown.exception, ConfigurationError)
    assert "`firebreak keys list`" in str(unknown.exception)
