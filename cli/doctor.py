"""`firebreak doctor`: what is missing, and how to mend it."""

import json
from dataclasses import asdict
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Examine this machine and the settings; change nothing. Exits with 1 if anything is wrong."""
    from rich.console import Console
    from rich.table import Table

    from runtime.settings import load
    from sandbox.doctor import examine

    found = examine(load())
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    else:
        table = Table(box=None)
        for title in ("", "what", "found", "how to mend it"):
            table.add_column(title, overflow="fold")
        for finding in found:
            mark = "[green]ok[/]" if finding.ok else "[bold red]wrong[/]"
            table.add_row(mark, finding.name, finding.detail, finding.remedy)
        Console().print(table)
    if not all(finding.ok for finding in found):
        raise typer.Exit(1)
