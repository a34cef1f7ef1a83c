"""Slither's opinion of the source, where a person installed it (AGPL-3.0, a program of its own:
nothing of it is imported here). Runs the command, reads its JSON."""

import shutil
import subprocess
from pathlib import Path

import msgspec

from assurance.weakness import Weakness
from schemas.alerts import Severity
from schemas.errors import ConfigurationError

SECONDS = 300
MAX_BYTES = 64 * 1024 * 1024
MAX_FOUND = 200
"""Of a source's weaknesses, the gravest first."""

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


def run(command: str, source: Path) -> list[Weakness]:
    """Return what Slither finds in a folder or file of Solidity.

    Raises `ConfigurationError` when the command is not there, or does not get to an answer.
    """
    program = shutil.which(command)
    if program is None:
        raise ConfigurationError(
            f"assure.slither: there is no command {command}; install slither-analyzer"
        )
    try:
        done = subprocess.run(  # noqa: S603 - a command that a person configured, no shell
            [program, str(source), "--json", "-"],
            capture_output=True,
            check=False,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"{command} on {source}: {error}") from error
    return read(done.stdout, done.stderr)


def read(answer: bytes, words: bytes = b"") -> list[Weakness]:
    """Return what an answer says. Raises `ConfigurationError` when it says nothing, with the end of
    `words`."""
    try:
        if len(answer) > MAX_BYTES:
            raise ConfigurationError(f"slither prints more than {MAX_BYTES:,} bytes")
        said = msgspec.json.decode(answer, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        told = words.decode(errors="replace")[-500:]
        raise ConfigurationError(f"slither gave no answer: {told or error}") from error
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
