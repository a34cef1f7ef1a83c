"""Slither is a program of its own: what it prints is read, nothing of it is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assurance.slither import BUILT, read, run
from runtime.confinement.program import Bounds, Printed
from schemas.errors import ConfigurationError


def answer(*found: tuple[str, str]) -> bytes:
    detectors = [
        {"check": check, "impact": impact, "confidence": "High",
         "description": f"{check}\n in a.sol", "elements": [{"type": "function"}]}
        for check, impact in found
    ]  # fmt: skip
    return json.dumps(
        {"success": True, "error": None, "results": {"detectors": detectors}}
    ).encode()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / BUILT).mkdir(parents=True)
    (folder / BUILT / "build.json").write_text("{}")
    (folder / "hardhat.config.js").touch()
    return folder


def program(folder: Path, body: str) -> str:
    path = folder / "slither"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_what_it_grades_as_a_weakness_is_one_the_gravest_first() -> None:
    said = answer(("timestamp", "Low"), ("reentrancy-eth", "High"), ("naming", "Informational"))
    found = read(Printed(255, said, b""))
    assert [(one.check, one.severity) for one in found] == [
        ("slither-reentrancy-eth", "high"),
        ("slither-timestamp", "low"),
    ]
    assert found[0].summary == "reentrancy-eth in a.sol"
    none = json.dumps({"success": True, "error": None, "results": {}}).encode()
    assert read(Printed(0, none, b"")) == []


@pytest.mark.parametrize(
    "said", [b"", b"{", b"[]", b'{"success": false, "error": "no solc", "results": {}}']
)
def test_no_answer_says_why(said: bytes) -> None:
    with pytest.raises(ConfigurationError, match="slither"):
        read(Printed(1, said, b"Traceback: no solc"))


def test_the_command_that_a_person_named_is_run(project: Path, tmp_path: Path) -> None:
    text = answer(("arbitrary-send-eth", "High")).decode()
    command = program(tmp_path, f"[ $4 = --json ] && printf %s '{text}'\nexit 255")
    (found,) = run(command, project)
    assert found.check == "slither-arbitrary-send-eth"
    with pytest.raises(ConfigurationError, match="there is no command no-such-slither"):
        run("no-such-slither", project)


def test_it_sees_nothing_of_our_environment(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "key")
    text = answer(("nothing-seen", "High")).decode()
    (found,) = run(program(tmp_path, f"[ -n \"$SECRET\" ] || printf %s '{text}'"), project)
    assert found.check == "slither-nothing-seen"


def test_it_runs_confined(project: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    cases = {
        f"read key <{secret}": "Permission denied",
        "echo x >written": "cannot create written",
        "/bin/true": "Cannot fork",
    }
    for body, said in cases.items():
        with pytest.raises(ConfigurationError) as refused:
            run(program(tmp_path, body), project)
        assert said in str(refused.value), body
    assert not (project / "written").exists()


@pytest.mark.parametrize("body", ["while :; do :; done", "while :; do echo aaaaaaaa; done"])
def test_it_is_ended_at_its_bounds(project: Path, tmp_path: Path, body: str) -> None:
    bounds = Bounds(seconds=1, memory=2**28, output=10_000)
    with pytest.raises(ConfigurationError, match=r"gave no answer \(ended by signal 9\)"):
        run(program(tmp_path, body), project, bounds)


def test_what_was_not_built_is_said(project: Path) -> None:
    (project / BUILT / "build.json").unlink()
    with pytest.raises(ConfigurationError, match="nothing in artifacts/build-info; build it first"):
        run("slither", project)
    (project / "hardhat.config.js").unlink()
    with pytest.raises(ConfigurationError, match="no Hardhat project"):
        run("slither", project)


def test_nothing_of_it_is_imported() -> None:
    code = "import sys, cli.looking, assurance.slither; print('slither' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
