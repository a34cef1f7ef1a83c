import os
from pathlib import Path

import pytest

from runtime.secrets import require_private
from schemas.errors import ConfigurationError


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.touch(mode=0o600)
    return path


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_what_only_its_owner_may_read_is_private(secret: Path, mode: int) -> None:
    secret.chmod(mode)
    require_private(secret)


@pytest.mark.parametrize("mode", [0o440, 0o640, 0o604, 0o666, 0o620])
def test_our_own_file_is_ours_alone(secret: Path, mode: int) -> None:
    secret.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"chmod 600 {secret}"):
        require_private(secret)


def handed_out_by_root(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the file be root's, and this process somebody else's."""
    found = os.stat_result((path.stat().st_mode, 0, 0, 1, 0, 10001, 0, 0, 0, 0))
    monkeypatch.setattr(Path, "stat", lambda _self: found)
    monkeypatch.setattr(os, "geteuid", lambda: 10001)


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o640])
def test_a_file_of_root_may_be_read_by_its_group(
    secret: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret.chmod(mode)
    handed_out_by_root(secret, monkeypatch)
    require_private(secret)


@pytest.mark.parametrize("mode", [0o444, 0o660, 0o604])
def test_and_by_nobody_else(secret: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.chmod(mode)
    handed_out_by_root(secret, monkeypatch)
    with pytest.raises(ConfigurationError, match="chmod 640"):
        require_private(secret)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="none: No such file"):
        require_private(tmp_path / "none")
