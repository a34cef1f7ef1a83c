"""The recipe: Solidity sources to artefacts.

`python -m contracts.build` compiles and writes; `--check` compiles and compares; `--project FOLDER`
makes a Hardhat project that was built, for tools that read source. The compiler and its libraries
are pinned npm packages, run by node.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from contracts import Artefact
from runtime import settings
from sandbox import tools
from sandbox.fetch import Report, npm_package
from schemas.errors import ConfigurationError, PipelineError

ROOT = Path(__file__).parent
SOURCES = ROOT / "src"
ARTEFACTS = ROOT / "artefacts"
LIBRARIES = "@openzeppelin/contracts", "@openzeppelin/contracts-5.7"
"""Pinned packages whose names begin the paths in imports. What is ours on chain imports the first;
the second has what came later, for targets of tests."""

_NODE = "Install it (Debian: sudo apt-get install nodejs)."


def compile_sources(cache: Path, report: Report) -> dict[str, str]:
    """Return the text of every artefact by its file's name; equal sources give equal texts.

    Raises `ConfigurationError` with the compiler's words when it complains of anything.
    """
    artefacts = msgspec.json.decode(
        _compiled("artefacts", SOURCES, cache, report), type=list[Artefact]
    )
    return {f"{artefact.name}.json": _text(artefact) for artefact in artefacts}


def make_project(folder: Path, sources: Path, cache: Path, report: Report) -> None:
    """Make a Hardhat project of the Solidity below `sources`, built: with build-info that has the
    syntax trees, and the libraries in `node_modules`. Raises as `compile_sources`."""
    text = _compiled("build-info", sources, cache, report)
    given: dict[str, dict[str, str]] = msgspec.json.decode(text)["input"]["sources"]
    for name, source in given.items():
        library = any(name.startswith(f"{known}/") for known in LIBRARIES)
        path = folder / "node_modules" / name if library else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source["content"])
    built = folder / "artifacts" / "build-info"
    built.mkdir(parents=True, exist_ok=True)
    (built / "build.json").write_text(text)
    (folder / "hardhat.config.js").write_text("module.exports = {};\n")


def _compiled(what: str, sources: Path, cache: Path, report: Report) -> str:
    done = subprocess.run(  # noqa: S603 - a fixed command of ours, no shell
        [
            tools.find("node", _NODE),
            ROOT / "compile.mjs",
            what,
            npm_package(cache, "solc", report),
            sources,
            *(f"{name}={npm_package(cache, name, report)}" for name in LIBRARIES),
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise ConfigurationError(f"the contracts do not compile:\n{done.stderr.strip()}")
    return done.stdout


def _text(artefact: Artefact) -> str:
    return msgspec.json.format(msgspec.json.encode(artefact), indent=2).decode() + "\n"


def written() -> dict[str, str]:
    """Return the text of every artefact that is there."""
    return {path.name: path.read_text() for path in ARTEFACTS.glob("*.json")}


def differences(current: Mapping[str, str], compiled: Mapping[str, str]) -> list[str]:
    """Say how the artefacts that are there differ from the compiled ones; empty when they don't."""
    return [
        f"{name} is missing"
        if name not in current
        else f"{name} has no source any more"
        if name not in compiled
        else f"{name} is not what its sources compile to"
        for name in sorted(current.keys() | compiled.keys())
        if current.get(name) != compiled.get(name)
    ]


def changed_sources(artefact: Artefact) -> list[str]:
    """Name our own sources that changed since the artefact was compiled. Needs no compiler."""
    return [
        name
        for name, digest in artefact.sources.items()
        if not name.startswith("@")
        and (
            not (SOURCES / name).is_file()
            or sha256((SOURCES / name).read_bytes()).hexdigest() != digest
        )
    ]


def write(compiled: Mapping[str, str]) -> None:
    """Make the artefacts' folder hold exactly these."""
    ARTEFACTS.mkdir(exist_ok=True)
    for name in written().keys() - compiled.keys():
        (ARTEFACTS / name).unlink()
    for name, text in compiled.items():
        (ARTEFACTS / name).write_text(text)


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m contracts.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    parser.add_argument("--project", type=Path, help="make a built Hardhat project here instead")
    given = parser.parse_args()
    check: bool = given.check
    project: Path | None = given.project

    def report(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    try:
        if project is not None:
            make_project(project, SOURCES, settings.load().cache, report)
            return 0
        compiled = compile_sources(settings.load().cache, report)
    except PipelineError as error:
        report(str(error))
        return 1
    if not check:
        write(compiled)
        return 0
    found = differences(written(), compiled)
    for difference in found:
        report(difference)
    if found:
        report("Run: python -m contracts.build")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
