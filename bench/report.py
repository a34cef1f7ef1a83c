"""What a measurement found, and how it is shown: JSON for programs, Markdown for people."""

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "confluent-kafka",
    "msgspec",
    "orjson",
    "web3",
    "eth-abi",
    "faust-streaming",
    "aiokafka",
    "river",
    "numpy",
    "scipy",
)


class BrokenResultError(Exception):
    """A measurement gave a wrong answer, however fast it was."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that was measured, as the median of its runs."""

    what: str
    runs: tuple[float, ...]
    unit: str
    aim: str = ""
    """What the project wants it to be, in words."""
    note: str = ""

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.runs)


@dataclass(frozen=True, slots=True)
class Section:
    """What one measurement found."""

    title: str
    figures: tuple[Figure, ...]
    skipped: tuple[str, ...] = ()
    """What could not be measured here, and why."""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    mode: str
    sections: Sequence[Section]
    machine: dict[str, Any]
    """As `machine` describes it, before anything was measured."""

    def json(self) -> dict[str, Any]:
        """Return it for programs."""
        found = asdict(self)
        for section, told in zip(self.sections, found["sections"], strict=True):
            for figure, entry in zip(section.figures, told["figures"], strict=True):
                entry["median"] = figure.value
        return found

    def markdown(self) -> str:
        """Return it for people."""
        told = self.machine
        lines = [
            f"{told['cores']} cores ({told['processor']}), {told['memory_gib']:g} GiB, "
            f"{told['system']}, Python {told['python']}, load before {told['load']:.1f}; "
            f"{self.mode} run of {told['commit']}; "
            + ", ".join(f"{name} {number}" for name, number in told["packages"].items()),
            "",
        ]
        for section in self.sections:
            lines += _table(section)
        return "\n".join(lines)


def _table(section: Section) -> Iterable[str]:
    yield f"### {section.title}"
    yield ""
    if section.figures:
        yield "| what | median | runs | aim |"
        yield "|---|---|---|---|"
    for figure in section.figures:
        spread = ""
        if len(figure.runs) > 1:
            low, high = min(figure.runs), max(figure.runs)
            spread = f"{len(figure.runs)}: {plain(low)} to {plain(high)}"
        note = f" ({figure.note})" if figure.note else ""
        value = f"{plain(figure.value)} {figure.unit}".rstrip()
        yield f"| {figure.what}{note} | {value} | {spread} | {figure.aim} |"
    for reason in section.skipped:
        yield ""
        yield f"Not measured: {reason}"
    yield ""


def plain(value: float) -> str:
    """Write a number with three significant digits, whole ones from a hundred on."""
    if value == 0.0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def machine() -> dict[str, Any]:
    """Describe where and with what this was measured."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gib": round(pages / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "commit": _commit(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line)
    return next(names, "unknown")


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=10"],  # noqa: S607 - whichever git is here
        capture_output=True,
        check=False,
        text=True,
        cwd=Path(__file__).parent,
    )
    return asked.stdout.strip() or "unknown"
