"""Slither is a program of its own: what it prints is read, nothing of it is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assurance.slither import read, run
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


def test_what_it_grades_as_a_weakness_is_one_the_gravest_first() -> None:
    found = read(
        answer(("timestamp", "Low"), ("reentrancy-eth", "High"), ("naming", "Informational"))
    )
    assert [(one.check, one.severity) for one in found] == [
        ("slither-reentrancy-eth", "high"),
        ("slither-timestamp", "low"),
    ]
    assert found[0].summary == "reentrancy-eth in a.sol"
    assert read(json.dumps({"success": True, "error": None, "results": {}}).encode()) == []


@pytest.mark.parametrize(
    "said", [b"", b"{", b"[]", b'{"success": false, "error": "no solc", "results": {}}']
)
def test_no_answer_says_why(said: bytes) -> None:
    with pytest.raises(ConfigurationError, match="slither"):
        read(said, b"Traceback: no solc")


def test_the_command_that_a_person_named_is_run(tmp_path: Path) -> None:
    program = tmp_path / "slither"
    text = answer(("arbitrary-send-eth", "High")).decode()
    program.write_text(f"#!/bin/sh\n[ $2 = --json ] && cat <<'END'\n{text}\nEND\nexit 255\n")
    program.chmod(0o755)
    (found,) = run(str(program), tmp_path)
    assert found.check == "slither-arbitrary-send-eth"
    with pytest.raises(ConfigurationError, match="install slither-analyzer"):
        run("no-such-slither", tmp_path)


def test_nothing_of_it_is_imported() -> None:
    code = "import sys, cli.posture, assurance.slither; print('slither' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
