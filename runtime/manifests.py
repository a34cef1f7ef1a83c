"""Reads manifests; every mistake is reported with its file, line and field."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import ConfigurationError
from schemas.manifest import Manifest

MAX_MANIFEST_BYTES = 4 * 1024 * 1024

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+|\"[^\"]+\")\s*=")

Location = tuple[str | int, ...]


def load_manifests(folder: Path) -> dict[str, Manifest]:
    """Read every `*.toml` of a folder, by protocol.

    Raises `ConfigurationError` listing everything that is wrong in all of them.
    """
    found: dict[str, Manifest] = {}
    places: dict[str, Path] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            manifest = load_manifest(path)
        except ConfigurationError as error:
            problems.append(str(error))
            continue
        if manifest.protocol in found:
            other = places[manifest.protocol]
            problems.append(f"{path}: protocol {manifest.protocol!r} is also named by {other}")
        found[manifest.protocol], places[manifest.protocol] = manifest, path
    if problems:
        raise ConfigurationError("\n".join(problems))
    return found


def load_manifest(path: Path) -> Manifest:
    """Read one manifest. Raises `ConfigurationError`, one line per mistake."""
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise ConfigurationError(f"{path}: larger than {MAX_MANIFEST_BYTES:,} bytes")
    try:
        text = path.read_bytes().decode()
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    try:
        return Manifest.model_validate(table)
    except ValidationError as error:
        lines = dict(_lines(text))
        raise ConfigurationError(
            "\n".join(
                f"{path}:{_line(lines, item['loc'])}: {_field(item['loc'])}: {item['msg']}"
                for item in error.errors(include_url=False)
            )
        ) from error


def _lines(text: str) -> Iterator[tuple[Location, int]]:
    """Say on which line each table and key stands; enough of TOML for an error message."""
    table: Location = ()
    counts: dict[Location, int] = {}
    yield (), 1
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = tuple(part.strip().strip('"') for part in header[2].split("."))
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield table, number
        elif key:
            yield (*table, key[1].strip('"')), number


def _line(lines: dict[Location, int], location: Location) -> int:
    """Return the line of a field, or of the nearest thing around it that has one."""
    while location not in lines:
        location = location[:-1]
    return lines[location]


def _field(location: Location) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "manifest"
