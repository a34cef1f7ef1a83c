"""`firebreak netbenefit`: what a brake would have been worth over recorded incidents."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from cli.incident_files import Recorded
    from responders.benefit import Assumptions


def netbenefit(
    path: Annotated[Path, typer.Argument(help="A folder with *incidents and *interventions.json.")],
    report: Annotated[Path, typer.Option(help="The JSON to write.")] = Path("netbenefit.json"),
    table: Annotated[Path | None, typer.Option(help="A Markdown table to write.")] = None,
    assume: Annotated[
        list[str] | None, typer.Option(help="name=value for an assumption; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
) -> None:
    """Hold loss averted less pause cost against people, always pausing and never pausing.

    What the records do not say is assumed, by name; the table shows what each assumption turns.
    Rows whose minutes were imputed are marked in the report and never taken at their word.
    """
    from cli.incident_files import read_incidents
    from cli.netbenefit_table import markdown

    found = weighed(read_incidents(path), assumptions(assume or []), seed)
    found["command"] = "firebreak netbenefit PATH"
    report.write_text(json.dumps(found, indent=1) + "\n")
    text = markdown(found)
    if table is not None:
        table.write_text(text)
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)


def assumptions(given: Sequence[str]) -> "Assumptions":
    """Return the assumptions with some of them replaced.

    Raises `ConfigurationError` for an unknown name or a value outside its sense.
    """
    from cli.netbenefit_table import SHARES
    from responders.benefit import Assumptions

    values: dict[str, float] = {}
    for item in given:
        name, _, text = item.partition("=")
        try:
            values[name] = float(text)
        except ValueError as error:
            raise ConfigurationError(f"--assume {item}: write name=value") from error
        highest = 1.0 if name in SHARES else 1e15
        if not 0.0 <= values[name] <= highest:
            raise ConfigurationError(f"--assume {item}: must lie between 0 and {highest:g}")
    try:
        return Assumptions(**values)
    except TypeError as error:
        known = ", ".join(asdict(Assumptions()))
        raise ConfigurationError(f"--assume: unknown name; known are {known}") from error


def weighed(recorded: "Sequence[Recorded]", assumed: "Assumptions", seed: int) -> dict[str, Any]:
    """Return the report: worths, counts, sensitivity, and every row with where it comes from."""
    from cli.netbenefit_table import RANGES
    from responders.benefit import Incident, break_even_years, worth

    incidents: list[Incident] = [item.incident for item in recorded]
    try:
        base = worth(incidents, assumed, seed)
    except ValueError as error:
        raise ConfigurationError(f"{error}; the interventions must hold some") from error
    turned = [
        {
            "name": name,
            "value": value,
            "net": [item.net.value for item in worth(incidents, changed, seed, 1)],
        }
        for name, (low, high, _) in RANGES.items()
        for value in (low, high)
        for changed in (replace(assumed, **{name: value}),)
    ]
    on_chain = [item for item in recorded if item.incident.on_chain]
    return {
        "assumed": asdict(assumed),
        "seed": seed,
        "incidents": len(recorded),
        "sources": {
            source: [
                sum(item.source == source for item in recorded),
                sum(item.source == source for item in on_chain),
                sum(item.incident.loss for item in on_chain if item.source == source),
            ]
            for source in ("recorded", "imputed", "none")
        },
        "largest": _largest(on_chain),
        "worth": [asdict(item) for item in base],
        "break_even_years": break_even_years(base[0], assumed, len(recorded)),
        "sensitivity": turned,
        "rows": [
            {"id": item.name, "minutes_are": item.source, **asdict(item.incident)}
            for item in recorded
        ],
    }


def _largest(on_chain: "Sequence[Recorded]") -> float:
    """Return the share of all losses that the largest hundredth of the incidents makes."""
    losses = sorted((item.incident.loss for item in on_chain), reverse=True)
    total = sum(losses)
    return sum(losses[: max(1, len(losses) // 100)]) / total if total else 0.0
