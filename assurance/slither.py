"""Slither's opinion of the source, where a person installed it (AGPL-3.0, a program of its own:
nothing of it is imported here).

It is shown what a compiler said (`artifacts/build-info`, as Hardhat writes it) and compiles
nothing itself, so neither a compiler nor a project's scripts are run. It runs confined, with bounds
on time, memory and what it prints: source is somebody's text, and Slither parses all of it.
"""

import tempfile
from pathlib import Path

import msgspec

from assurance.stamps import Stamp, stamped
from assurance.weakness import Weakness
from runtime.confinement.program import Bounds, Printed
from runtime.confinement.program import run as run_confined
from schemas.alerts import Severity
from schemas.errors import ConfigurationError

MAX_BYTES = 64 * 1024 * 1024
BOUNDS = Bounds(seconds=300, memory=2 * 2**30, output=MAX_BYTES)
"""Our own contracts, 60 files, take it 18 s."""
MAX_BUILT = 256 * 1024 * 1024
"""Bytes of what a compiler said, in all."""
MAX_FOUND = 200
"""Of a source's weaknesses, the gravest first."""

BUILT = "artifacts/build-info"
_CONFIGURED = ("hardhat.config.js", "hardhat.config.ts", "hardhat.config.cjs")
_ASKED = (".", "--ignore-compile", "--exclude-dependencies", "--json", "-")
"""What it thinks of libraries below `node_modules` is not asked."""

_IMPACTS: dict[str, Severity] = {"High": "high", "Medium": "medium", "Low": "low"}
"""Slither's grades; what it calls informational or an optimisation is no weakness."""


class Opinion(msgspec.Struct, frozen=True):
    """One result of a detector of Slither's."""

    check: str
    impact: str
    confidence: str
    description: str


class Results(msgspec.Struct, frozen=True):
    """All results."""

    detectors: tuple[Opinion, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """What `slither --json -` prints."""

    success: bool
    error: str | None = None
    results: Results = Results()


def stamp(project: Path) -> Stamp:
    """Return what tells one build of a project from another: it changes when a compiler ran."""
    return stamped(sorted((project / BUILT).glob("*.json")))


def run(command: str, project: Path, bounds: Bounds = BOUNDS) -> list[Weakness]:
    """Return what Slither finds in a Hardhat project that was built.

    Raises `ConfigurationError` when the command is not there, the project was not built, or Slither
    does not get to an answer within its bounds.
    """
    if not any((project / name).is_file() for name in _CONFIGURED):
        raise ConfigurationError(f"{project}: no Hardhat project; it has no hardhat.config.js")
    built = stamp(project)
    if not built:
        raise ConfigurationError(f"{project}: nothing in {BUILT}; build it first")
    if sum(size for _, size, _ in built) > MAX_BUILT:
        raise ConfigurationError(f"{project}: more than {MAX_BUILT:,} bytes in {BUILT}")
    with tempfile.TemporaryDirectory() as home:
        # solc-select, which it brings along, makes this folder when it is imported.
        (Path(home) / ".solc-select" / "artifacts").mkdir(parents=True)
        try:
            printed = run_confined([command, *_ASKED], project, Path(home), bounds)
        except ConfigurationError as error:
            raise ConfigurationError(f"assure.slither: {error}") from error
    return read(printed)


def read(printed: Printed) -> list[Weakness]:
    """Return what an answer says. Raises `ConfigurationError` when it says nothing, with the end of
    its words."""
    try:
        said = msgspec.json.decode(printed.output, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        told = printed.words.decode(errors="replace")[-500:]
        how = f"ended by signal {-printed.status}" if printed.status < 0 else str(error)
        raise ConfigurationError(f"slither gave no answer ({how}): {told}") from error
    if not said.success:
        raise ConfigurationError(f"slither failed: {(said.error or '')[:500]}")
    graded = [
        Weakness(
            f"slither-{one.check}"[:128],
            _IMPACTS[one.impact],
            " ".join(one.description.split()),
            evidence=(f"confidence: {one.confidence}",),
            names=(one.description,),
        )
        for one in said.results.detectors
        if one.impact in _IMPACTS
    ]
    order = list(_IMPACTS.values())
    return sorted(graded, key=lambda one: order.index(one.severity))[:MAX_FOUND]
