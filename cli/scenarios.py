"""`firebreak scenarios`: every attack that the sandbox can play, as one table."""

import json
import tempfile
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from cli.demo import BENIGN, Scenarios

if TYPE_CHECKING:
    from sandbox.demo.stage import Plan


def scenarios(
    report: Annotated[Path, typer.Option(help="The JSON to write.")] = Path("scenarios.json"),
    table: Annotated[Path | None, typer.Option(help="A Markdown table to write.")] = None,
) -> None:
    """Play each attack twice, hidden until it is mined and waiting in the public pool.

    Real node, Kafka and services each time, as in the demo; at the end the Safe releases the brake
    and people go on. Exit status 0 only if the chain confirms every brake and every release.
    """
    from cli.scenarios_table import markdown
    from cli.wiring import read_settings
    from sandbox.demo.stage import Plan, without_settings
    from sandbox.lock import locked

    without_settings()
    settings, console = read_settings(), Console(stderr=True)
    refusal = "a demo or race is running already; let it end, or stop it, then start again"
    found = []
    with locked(settings.home / "demo.lock", refusal=refusal):
        for scenario, pending in product(Scenarios, (False, True)):
            with tempfile.TemporaryDirectory(prefix="firebreak-") as folder:
                plan = Plan(
                    folder=Path(folder),
                    cache=settings.cache,
                    scenario=scenario.value,
                    armed=True,
                    pending=pending,
                )
                found.append(_played(plan, console))
    report.write_text(json.dumps(found, indent=1) + "\n")
    text = markdown(found)
    if table is not None:
        table.write_text(text)
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    held = all(row["succeeded"] and row["release"]["released"] for row in found)
    raise typer.Exit(0 if held else 1)


def _played(plan: "Plan", console: Console) -> dict[str, Any]:
    """Play one scenario; return its outcome and its release."""
    from sandbox.demo.play import Play
    from sandbox.demo.stage import Stage
    from sandbox.demo.story import Story

    console.print(f"{plan.scenario}, {'in the pool' if plan.pending else 'hidden'}")
    with Stage(plan, report=lambda _line: None) as stage:
        stage.start()
        play = Play(stage, Story(plan.scenario, plan.armed))
        outcome = play.run(BENIGN)
        return {
            **asdict(outcome),
            "pending": plan.pending,
            "honest_txs_during": outcome.benign_txs - BENIGN,
            "release": asdict(play.release()) if outcome.paused else {"released": False},
        }
