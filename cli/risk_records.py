"""What `firebreak risk backtest` and `bench.fit_risk` read from a folder of recorded data."""

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from underwriting.backtest import Seen


class Recorded(NamedTuple):
    """Dates of recorded incidents, and those whose loss is known with it, in dollars."""

    dates: list[date]
    dated: list[tuple[date, float]]

    @property
    def losses(self) -> list[float]:
        """The losses that are known."""
        return [loss for _, loss in self.dated]


def incidents(folder: Path) -> Recorded:
    """Read `lif_incidents.json.gz`. Raises `ConfigurationError` for a row of another shape."""
    path = folder / "incidents" / "lif_incidents.json.gz"
    try:
        rows = orjson.loads(gzip.decompress(path.read_bytes()))
        dates = [date.fromisoformat(row["date"]) for row in rows]
        dated = [(day, float(row["loss_usd"])) for day, row in zip(dates, rows, strict=True)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}: no recorded incidents: {error!r}") from error
    return Recorded(dates, [(day, loss) for day, loss in dated if 0.0 < loss < float("inf")])


def windows(folder: Path) -> list[float]:
    """Read the seconds between deployment and attack."""
    path = folder / "incidents" / "lookahead_deploy_to_attack.csv.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") as file:
            return [float(row["time window"]) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{path}: no recorded windows: {error!r}") from error


def seen(folder: Path, set_name: str, problems: list[str]) -> "Iterator[Seen]":
    """Score the recorded histories blind, in order, and say which transaction was the exploit."""
    from cli.score import blind_rows
    from underwriting.backtest import Seen

    place = folder / "protocol_histories"
    try:
        with (place / "INDEX.csv").open(newline="") as file:
            exploits = {row["exploit_tx"] for row in csv.DictReader(file)} - {""}
    except (OSError, KeyError) as error:
        raise ConfigurationError(f"{place}: no recorded histories: {error!r}") from error
    for row in blind_rows(place, set_name, problems):
        yield Seen(row.case, row.block, row.p_value, row.alerted, row.tx in exploits)
