"""`firebreak race`: the brake against thefts that follow their contract after recorded times."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.demo import Scenarios


def race(
    windows: Annotated[Path, typer.Option(help="A CSV with the column 'time window', seconds.")],
    scenario: Annotated[
        Scenarios, typer.Option(help="What the attacker does.")
    ] = Scenarios.SPOT_ORACLE,
    in_pool: Annotated[bool, typer.Option("--in-pool", help="Thefts wait in the pool.")] = False,  # noqa: FBT002 - a command-line flag
    report: Annotated[Path, typer.Option(help="The JSON to write.")] = Path("race.json"),
    table: Annotated[Path | None, typer.Option(help="A Markdown table to write.")] = None,
    least: Annotated[int, typer.Option(min=0, help="Exit with 1 when fewer are won.")] = 0,
) -> None:
    """Race attacks whose thefts nobody can see wait: their contract's creation may pull the brake.

    With --in-pool the thefts wait in the public pool instead. One detector may pull the brake: code
    is judged by one, and of a theft in the pool the amount may be just short of a second.
    A real node, Kafka and services; each window is an attack of its own, block time decides.
    """
    from cli.incident_files import read_windows
    from cli.race_table import markdown
    from cli.wiring import read_settings
    from sandbox.demo.stage import Plan, Stage, without_settings
    from sandbox.lock import locked
    from sandbox.race.heat import report as summed
    from sandbox.race.race import HIDDEN, IN_POOL, Race

    without_settings()
    settings, console = read_settings(), Console(stderr=True)
    wanted = read_windows(windows)
    refusal = "a demo or race is running already; let it end, or stop it, then start again"
    with (
        locked(settings.home / "demo.lock", refusal=refusal),
        tempfile.TemporaryDirectory(prefix="firebreak-") as folder,
    ):
        plan = Plan(
            folder=Path(folder),
            cache=settings.cache,
            scenario=scenario.value,
            armed=True,
            services=IN_POOL if in_pool else HIDDEN,
            pending=in_pool,
            alone=True,
            early=not in_pool,
        )
        with Stage(plan, report=console.print) as stage:
            stage.start()
            run = Race(stage, console.print)
            bystanders = None
            if in_pool:
                run.learn()
            else:
                bystanders = run.bystanders()
            found = summed(run.run(wanted), bystanders)
    found["command"] = (
        f"firebreak race --windows PATH --scenario {scenario.value}" + " --in-pool" * in_pool
    )
    report.write_text(json.dumps(found, indent=1) + "\n")
    text = markdown(found)
    if table is not None:
        table.write_text(text)
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    if found["won"] < least:
        console.print(f"{found['won']} won, at least {least} were asked for")
        raise typer.Exit(1)
