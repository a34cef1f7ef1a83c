import json
from pathlib import Path

import pytest

import contracts
from contracts import build

NAMES = sorted(path.stem for path in build.ARTEFACTS.glob("*.json"))


def test_there_is_an_artefact_of_the_gate() -> None:
    gate = contracts.load("BrakeGate")
    functions = {entry["name"] for entry in gate.abi if entry["type"] == "function"}
    assert {"brake", "judge", "heartbeat", "arm", "kill"} <= functions


@pytest.mark.parametrize("name", NAMES)
def test_an_artefact_is_complete(name: str) -> None:
    artefact = contracts.load(name)
    assert artefact.name == name
    assert artefact.compiler.startswith("0.8.36+")
    assert artefact.settings["evmVersion"] == "cancun"
    assert artefact.settings["metadata"]["bytecodeHash"] == "none"
    assert len(bytes.fromhex(artefact.bytecode.removeprefix("0x"))) > 0


@pytest.mark.parametrize("name", NAMES)
def test_no_source_changed_since_it_was_compiled(name: str) -> None:
    assert build.changed_sources(contracts.load(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_artefact_is_written_as_the_recipe_writes_it(name: str) -> None:
    path = build.ARTEFACTS / f"{name}.json"
    assert path.read_text() == json.dumps(json.loads(path.read_text()), indent=2) + "\n"


def test_every_source_is_part_of_an_artefact() -> None:
    used = {source for name in NAMES for source in contracts.load(name).sources}
    ours = {path.relative_to(build.SOURCES).as_posix() for path in build.SOURCES.rglob("*.sol")}
    assert ours <= used


def test_a_changed_source_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    (tmp_path / "BrakeGate.sol").write_text("contract BrakeGate {}")
    assert build.changed_sources(contracts.load("BrakeGate")) == ["BrakeGate.sol"]


def test_an_unknown_contract_has_no_artefact() -> None:
    with pytest.raises(FileNotFoundError):
        contracts.load("NoSuchContract")


def test_differences_are_named() -> None:
    current = {"Same.json": "a", "Old.json": "b", "Changed.json": "c"}
    compiled = {"Same.json": "a", "New.json": "d", "Changed.json": "e"}
    assert build.differences(current, compiled) == [
        "Changed.json is not what its sources compile to",
        "New.json is missing",
        "Old.json has no source any more",
    ]
    assert build.differences(current, current) == []


@pytest.mark.parametrize("name", ["SpotAttack", "ReentrancyAttack"])
def test_an_attack_says_what_it_is_for(name: str) -> None:
    source = (build.SOURCES / "sandbox" / f"{name}.sol").read_text()
    assert "FOR A LOCAL NODE ONLY" in source
