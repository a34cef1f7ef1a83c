"""Reads manifests; every mistake is reported with its file, line and field."""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.errors import ConfigurationError
from schemas.manifest import Manifest

MAX_MANIFEST_BYTES = 4 * 1024 * 1024

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_PART = r"(?:[\w-]+|\"[^\"]+\"|'[^']+')"
_KEY = re.compile(rf"^\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_PLACE = re.compile(r"(.*) \(at line (\d+), column \d+\)", re.DOTALL)

Location = tuple[str | int, ...]


def load_manifests(folder: Path) -> dict[str, Manifest]:
    """Read every `*.toml` of a folder, by protocol; an absent folder holds none.

    Raises `ConfigurationError` listing everything that is wrong in all of them.
    """
    found: dict[str, Manifest] = {}
    places: dict[str, Path] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            text = _read(path)
            manifest = _parse(path, text)
        except ConfigurationError as error:
            problems.append(str(error))
            continue
        name = manifest.protocol
        if name in found:
            line = _line(_lines(text), ("protocol",))
            problems.append(f"{path}:{line}: protocol: {name!r} is also named by {places[name]}")
        found[name], places[name] = manifest, path
    if problems:
        raise ConfigurationError("\n".join(problems))
    return found


def load_manifest(path: Path) -> Manifest:
    """Read one manifest. Raises `ConfigurationError`, one line per mistake."""
    return _parse(path, _read(path))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    if len(data) > MAX_MANIFEST_BYTES:
        raise ConfigurationError(f"{path}: larger than {MAX_MANIFEST_BYTES:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}:{line}: not UTF-8 at byte {error.start}") from error


def _parse(path: Path, text: str) -> Manifest:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.fullmatch(str(error))
        reason = f"{place[2]}: {place[1]}" if place else f"{text.count(chr(10)) + 1}: {error}"
        raise ConfigurationError(f"{path}:{reason}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{path}: nested too deeply") from error
    try:
        return Manifest.model_validate(table)
    except ValidationError as error:
        lines = _lines(text)
        raise ConfigurationError(
            "\n".join(f"{path}:{_told(item, lines)}" for item in error.errors(include_url=False))
        ) from error


def _told(item: Any, lines: dict[Location, int]) -> str:
    location = (*item["loc"], *item.get("ctx", {}).get("place", ()))
    reason = "there is no such field" if item["type"] == "extra_forbidden" else item["msg"]
    return f"{_line(lines, location)}: {_field(location)}: {reason}"


def _lines(text: str) -> dict[Location, int]:
    """Return on which line each table and key begins; enough of TOML for an error message."""
    found: dict[Location, int] = {(): 1}
    table: Location = ()
    counts: dict[Location, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            found.setdefault(table, number)
        elif key:
            parts = _parts(key[1])
            for depth in range(1, len(parts) + 1):
                found.setdefault((*table, *parts[:depth]), number)
    return found


def _parts(dotted: str) -> Location:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _line(lines: dict[Location, int], location: Location) -> int:
    """Return the line of a field, or of the nearest thing around it that has one."""
    while location not in lines:
        location = location[:-1]
    return lines[location]


def _field(location: Location) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "manifest"
