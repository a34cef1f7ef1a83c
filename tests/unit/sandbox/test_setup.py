import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[[str, str], Path]

ROOT = Path(__file__).parents[3]


@pytest.fixture
def clone(program: Program, tmp_path: Path) -> Path:  # the basic tools come with `program`
    """A clone on a machine with the basic tools and nothing else, not set up yet."""
    folder = tmp_path / "clone"
    (folder / "sandbox" / "pins").mkdir(parents=True)
    for name in ("setup", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, folder)
    (folder / "sandbox" / "pins" / "npm.json").touch()
    return folder


def set_up(clone: Path, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [clone / "setup"],
        env={"PATH": os.environ["PATH"], "HOME": str(clone.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()[0]


def test_the_first_line_names_all_that_is_missing_and_how_to_get_it(clone: Path) -> None:
    status, line = set_up(clone)
    assert status == 2
    assert line == (
        "set-up: missing: Python 3.11 or 3.12, Maven (mvn), Node.js (node), npm, git. "
        "On Debian: sudo apt-get install python3 python3-venv maven nodejs npm git"
    )
    assert not (clone / ".venv").exists()


def test_only_what_is_missing_is_named(clone: Path, program: Program) -> None:
    for name in ("python3", "mvn", "node", "git"):
        program(name, "exit 0")
    assert set_up(clone) == (2, "set-up: missing: npm. On Debian: sudo apt-get install npm")


def test_a_python_without_venv_is_not_enough(clone: Path, program: Program) -> None:
    for name in ("mvn", "node", "npm", "git"):
        program(name, "exit 0")
    program("python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    status, line = set_up(clone)
    assert (status, line.split(". ")) == (
        2,
        [
            "set-up: missing: Python's venv and ensurepip",
            "On Debian: sudo apt-get install python3-venv",
        ],
    )


def test_maven_is_not_missed_when_kafka_is_there(clone: Path, program: Program) -> None:
    for name in ("python3", "node", "git"):
        program(name, "exit 0")
    _, line = set_up(clone, FIREBREAK_KAFKA_HOME="/opt/kafka")
    assert line == "set-up: missing: npm. On Debian: sudo apt-get install npm"
