"""`firebreak incidents`: the key that signs cases."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from runtime.keepers import keepers_of
from runtime.signatures import generate
from schemas.errors import ConfigurationError


def test_its_key_is_never_one_that_alerts_are_believed_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = generate(tmp_path, "incidents")
    monkeypatch.setenv("FIREBREAK_INCIDENTS__SIGNING_KEY", str(key))
    monkeypatch.setenv("FIREBREAK_RESPOND__TRUSTED_KEYS", str(tmp_path))
    with pytest.raises(ConfigurationError, match="among respond"):
        CliRunner().invoke(app, ["incidents"], catch_exceptions=False)


def test_its_key_is_made_in_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path))
    made = CliRunner().invoke(app, ["keys", "incidents"], catch_exceptions=False)
    assert made.exit_code == 0
    folder = tmp_path / "keys" / "incidents"
    assert f"incidents.trusted_keys = {folder}" in made.output
    assert keepers_of(folder).named
