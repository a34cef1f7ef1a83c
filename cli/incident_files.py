"""Recorded incidents and attack windows, read from files that the operator names."""

import csv
import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import orjson

from responders.benefit import Incident
from schemas.errors import ConfigurationError

MAX_BYTES = 64 * 1024**2
"""Of one file, unpacked."""

IMPUTED_MINUTES = 720.0
"""What the record holds, exactly, where nobody knew the minutes; its publisher says so."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One incident with its name and where its minutes come from."""

    name: str
    source: str
    """`recorded`, `imputed` or `none`."""
    incident: Incident


def read_incidents(folder: Path) -> tuple[Recorded, ...]:
    """Join `*incidents.json[.gz]` with `*interventions.json[.gz]` of a folder by `id`.

    Raises `ConfigurationError` for files that are missing, too large, or of another shape.
    """
    incidents = _rows(_only(folder, "incidents"))
    minutes = {
        str(row.get("id")): _number(row, "time_to_contain_min", "interventions")
        for row in _rows(_only(folder, "interventions"))
        if row.get("time_to_contain_min") is not None
    }
    found = []
    for row in incidents:
        name = str(row.get("id"))
        held = minutes.get(name)
        source = "none" if held is None else "imputed" if held == IMPUTED_MINUTES else "recorded"
        found.append(
            Recorded(
                name,
                source,
                Incident(
                    loss=_number(row, "loss_usd", "incidents"),
                    on_chain=row.get("is_lif_relevant") is True,
                    minutes=held if source == "recorded" else None,
                ),
            )
        )
    return tuple(found)


def read_windows(path: Path) -> tuple[int, ...]:
    """Return the seconds between deployment and attack, from a CSV's column `time window`.

    Raises `ConfigurationError` for a file that cannot be read or has no such column.
    """
    rows = csv.DictReader(io.StringIO(_text(path).decode("utf-8-sig", errors="replace")))
    try:
        found = tuple(int(row["time window"]) for row in rows)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{path}: every row needs whole seconds in the column 'time window'"
        ) from error
    if not found or min(found) < 0:
        raise ConfigurationError(f"{path}: no windows, or one below 0 seconds")
    return found


def _only(folder: Path, what: str) -> Path:
    found = [*folder.glob(f"*{what}.json"), *folder.glob(f"*{what}.json.gz")]
    if len(found) != 1:
        raise ConfigurationError(
            f"{folder}: needs one file *{what}.json or *{what}.json.gz, has {len(found)}"
        )
    return found[0]


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            stream = gzip.GzipFile(fileobj=file) if packed else file
            held = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    if len(held) > MAX_BYTES:
        raise ConfigurationError(f"{path}: more than {MAX_BYTES} bytes unpacked")
    return held


def _rows(path: Path) -> list[Mapping[str, Any]]:
    try:
        found = orjson.loads(_text(path))
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{path}: not JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ConfigurationError(f"{path}: must be a list of objects")
    return found


def _number(row: Mapping[str, Any], field: str, what: str) -> float:
    value = row.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(f"{what}: {row.get('id')} has no number in {field}")
    if not isfinite(value) or value < 0:
        raise ConfigurationError(f"{what}: {row.get('id')} has {value} in {field}")
    return float(value)
