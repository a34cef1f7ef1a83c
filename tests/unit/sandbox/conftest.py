"""A machine that has only the programs a test gives it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[[str, str], Path]

BASICS = ("cat", "cksum", "cp", "dirname", "grep", "mkdir", "sed", "sh", "touch")
"""What every machine has."""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only folder on `PATH`, empty; nothing of Firebreak's or Java's in the environment."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("JAVA_HOME", "FIREBREAK_KAFKA_HOME", "FIREBREAK_ANVIL", "MAVEN_OPTS"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def program(bare: Path) -> Program:
    """Put the basic tools on that `PATH`, and then any program, as a shell script."""
    for tool in BASICS:
        found = shutil.which(tool, path="/usr/bin:/bin")
        assert found is not None
        (bare / tool).symlink_to(found)

    def write(name: str, script: str) -> Path:
        path = bare / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def said() -> list[str]:
    """What was reported."""
    return []
