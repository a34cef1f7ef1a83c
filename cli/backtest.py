"""`firebreak backtest`: blind scores, then the labels, then what the scores were worth."""

import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from detectors.court import Labels
    from detectors.scoring import Row


def backtest(
    path: Annotated[Path, typer.Argument(help="A folder of recorded sets with their INDEX.csv.")],
    report: Annotated[Path, typer.Option(help="The JSON to write.")] = Path("report.json"),
    table: Annotated[Path | None, typer.Option(help="A Markdown table to write.")] = None,
    picture: Annotated[Path | None, typer.Option(help="A picture to write, .svg or .png.")] = None,
    set_name: Annotated[str, typer.Option("--set", help="Which detector set.")] = "core",
) -> None:
    """Score recorded sets blind, as `firebreak score` does, and judge the scores by the labels.

    The report holds recall, false alerts per protocol and per sixty days, the rank of each exploit
    within its protocol, lead time, 90% intervals, and what each detector contributes.
    """
    from cli.court_table import markdown
    from cli.labels import read_labels
    from cli.score import blind_rows

    console = Console(stderr=True)
    rows: dict[str, list[Row]] = defaultdict(list)
    problems: list[str] = []
    for row in blind_rows(path, set_name, problems):
        rows[row.case].append(row)
    for problem in problems:
        console.print(problem, highlight=False, markup=False, soft_wrap=True)
    found = judged(rows, read_labels(path, rows))
    found["command"] = f"firebreak backtest PATH --set {set_name}"
    report.write_text(json.dumps(found, indent=1) + "\n")
    text = markdown(found)
    if table is not None:
        table.write_text(text)
    if picture is not None:
        from cli.court_picture import draw

        draw(found, picture)
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def judged(rows: "dict[str, list[Row]]", labels: "Labels") -> dict[str, Any]:
    """Return the report."""
    found: dict[str, Any] = {"histories": _histories(rows, labels)}
    attacks = [row for case in sorted(labels.attacks) for row in rows[case]]
    ordinary = [row for case in sorted(labels.ordinary) for row in rows[case]]
    if attacks and ordinary:
        found["single"] = _single(attacks, ordinary)
    return found


def _histories(rows: "dict[str, list[Row]]", labels: "Labels") -> dict[str, Any]:
    from dataclasses import asdict

    from detectors.court import history, wilson

    told = [history(case, rows[case], tx) for case, tx in sorted(labels.exploits.items())]
    attacked = [item for item in told if item.rank is not None]
    alerted = sum(item.alerted for item in attacked)
    benign = sum(item.transactions for item in told) - len(attacked)
    false = sum(item.false_alerts for item in told)
    return {
        "protocols": [asdict(item) for item in told],
        "recall": [alerted, len(attacked), *wilson(alerted, len(attacked))],
        "early": sum(1 for item in attacked if (item.lead_blocks or 0) > 0),
        "false_alerts": [false, benign, *wilson(false, benign)],
        "first_or_second": sum((item.rank or 99) <= 2 for item in attacked),
    }


def _single(attacks: "list[Row]", ordinary: "list[Row]") -> dict[str, Any]:
    from dataclasses import asdict

    from detectors import court

    bad, good = court.grouped(attacks), court.grouped(ordinary)
    large = court.grouped(attacks, court.LARGE), court.grouped(ordinary, court.LARGE)
    names = sorted({name for row in (*attacks, *ordinary) for name in row.evidence})
    hits, false = sum(row.alerted for row in attacks), sum(row.alerted for row in ordinary)
    threshold = court.recall_at(court.RATES[1], bad, good).threshold
    return {
        "exploits": len(attacks),
        "ordinary": len(ordinary),
        "at_the_default_budget": {
            "recall": [hits, len(attacks), *court.wilson(hits, len(attacks))],
            "false_alerts": [false, len(ordinary), *court.wilson(false, len(ordinary))],
        },
        "recall": [asdict(court.recall_at(rate, bad, good)) for rate in court.RATES],
        "recall_large": [asdict(court.recall_at(rate, *large)) for rate in court.RATES],
        "auc": court.area(court.roc(bad, good)),
        "roc": court.roc(bad, good),
        "without": {
            name: [
                court.recall(
                    rate,
                    court.grouped(attacks, 0, name).values(),
                    court.grouped(ordinary, 0, name).values(),
                )[0]
                for rate in court.RATES
            ]
            for name in ("", *names)
        },
        "misses": [
            {"case": row.case, "frames": row.frames, "p_value": row.p_value}
            for row in court.misses(attacks, threshold)
        ],
    }
