"""The image: slim, pinned, not root, made of locked packages, with nothing in it that builds."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from runtime.settings import Settings
from tests.unit.deploy.files import ROOT, read_yaml

DOCKERFILE = ROOT / "Dockerfile"


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage, continued lines joined, comments left out."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    found: list[list[tuple[str, str]]] = [[]]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append([])
        if word:
            found[-1].append((word, rest))
    return found


BEFORE, BUILD, FINAL = stages()


def values(stage: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for instruction, rest in stage if instruction == word]


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    command = str(hadolint) if hadolint.exists() else shutil.which("hadolint")
    if command is None:
        pytest.skip("hadolint has no package for this machine")
    done = subprocess.run([command, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_base_is_slim_and_its_version_written_out() -> None:
    (base,) = values(BEFORE, "ARG")
    assert re.fullmatch(r"PYTHON=python:3\.(11|12)\.\d+-slim-\w+", base)
    python: Any = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert python["requires-python"] == ">=3.11,<3.13"
    assert [values(stage, "FROM")[0].split()[0] for stage in (BUILD, FINAL)] == ["${PYTHON}"] * 2


def test_packages_are_those_of_the_lock_checked_by_hash() -> None:
    installs = [
        part for run in values(BUILD, "RUN") for part in run.split("&&") if " install" in part
    ]
    assert len(installs) == 2
    assert "--require-hashes --only-binary :all: -r requirements.lock" in installs[0]
    assert "--no-deps --no-index --no-build-isolation ." in installs[1]


def test_nothing_is_installed_or_built_in_the_image_that_runs() -> None:
    assert values(FINAL, "COPY") == ["--from=build /opt/firebreak /opt/firebreak"]
    runs = " ".join(values(FINAL, "RUN"))
    assert not re.search(r"apt-get|pip install|curl|wget", runs)
    assert "pip uninstall --yes pip" in runs
    assert "pip uninstall --yes hatchling editables pip" in values(BUILD, "RUN")[-1]


def test_it_runs_as_the_user_whom_compose_and_the_secrets_name() -> None:
    assert values(FINAL, "USER") == ["10001:10001"]
    services = read_yaml(ROOT / "docker-compose.yml")["services"]
    assert services["detect"]["user"] == "10001:10001"
    assert "services=10001" in (ROOT / "deploy/make-secrets.sh").read_text()


def test_no_secret_is_baked_in() -> None:
    for stage in (BEFORE, BUILD, FINAL):
        assert not re.search(r"(?i)password|token|secret|key=", " ".join(values(stage, "ENV")))
        assert not any("secret" in line for line in values(stage, "ARG"))


def test_its_variables_are_settings() -> None:
    names = re.findall(r"FIREBREAK_(\w+)=", " ".join(values(FINAL, "ENV")))
    assert names
    for name in names:
        group, _, setting = name.lower().partition("__")
        field = Settings.model_fields[group]
        if setting:
            assert field.annotation is not None
            assert setting in field.annotation.model_fields


def test_every_room_that_the_package_has_is_in_it_and_is_let_through() -> None:
    project: Any = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    copied = {rest.split()[0] for rest in values(BUILD, "COPY") if len(rest.split()) == 2}
    assert rooms <= copied
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    needed = {name for rest in values(BUILD, "COPY") for name in rest.split()[:-1]}
    assert let_through == needed


def test_the_bill_of_materials_names_every_locked_package_with_its_hashes(tmp_path: Path) -> None:
    lock = (ROOT / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([\w.-]+)==([^ ;]+)", lock, re.MULTILINE))
    written = tmp_path / "sbom.json"
    lockfile = str(ROOT / "requirements.lock")
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", lockfile]
    subprocess.run(
        [*command, "--of", "JSON", "--no-validate", "-o", str(written)],
        capture_output=True,
        check=True,
    )
    components = json.loads(written.read_text())["components"]
    assert {one["name"]: one["version"] for one in components} == locked
    assert all(one["externalReferences"][0]["hashes"] for one in components)
