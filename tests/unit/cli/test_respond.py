"""`firebreak respond`: the key that signs steps of brakes."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from cli.main import app
from cli.respond_parts import step_signer
from runtime.actors import actors_of
from runtime.broker import Message
from runtime.settings import RespondSettings
from runtime.signatures import generate, load_signer, signed
from schemas.codec import encode
from schemas.errors import ConfigurationError, PoisonRecordError
from schemas.topics import ACTIONS
from tests.unit.incidents.builders import CHAIN, PROTOCOL, action


def test_its_key_for_steps_is_never_one_that_alerts_are_believed_of(tmp_path: Path) -> None:
    key = generate(tmp_path, "actions")
    with pytest.raises(ConfigurationError, match=r"among respond\.trusted_keys.*keys actions"):
        step_signer(RespondSettings(signing_key=key, trusted_keys=tmp_path))
    assert step_signer(RespondSettings(signing_key=key)) is not None
    assert step_signer(RespondSettings(trusted_keys=tmp_path)) is None


def test_its_key_for_steps_is_made_in_a_folder_of_its_own_and_retired_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path))
    made = CliRunner().invoke(app, ["keys", "actions"], catch_exceptions=False)
    folder = tmp_path / "keys" / "actions"
    assert f"respond.action_keys = {folder}" in made.output
    signer, step = load_signer(folder / "actions.pem"), action(1, "broadcast")
    value = encode(step)
    said = Message(ACTIONS.name, 0, 0, PROTOCOL.encode(), value, signed(value, signer))
    assert actors_of(folder).read(said) == step
    retired = [signer.key_id, "--chain", CHAIN, "--after", "5", "--folder", str(folder)]
    CliRunner().invoke(app, ["keys", "retire", *retired], catch_exceptions=False)
    assert actors_of(folder).read(said) == step, "it tells no block beyond its term"
    late = encode(replace(step, block=6))
    beyond = Message(ACTIONS.name, 0, 0, PROTOCOL.encode(), late, signed(late, signer))
    with pytest.raises(PoisonRecordError, match="retired after block 5"):
        actors_of(folder).read(beyond)
