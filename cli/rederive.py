"""`firebreak rederive`: decide again what a responder decided, from its journal alone."""

from pathlib import Path
from typing import Annotated

import typer


def rederive(
    journal: Annotated[Path, typer.Argument(help="A responder's journal.")],
) -> None:
    """Decide every decision of a journal again from the numbers that it rests on, and compare.

    Checks the journal's hashes too. Exits with 1 if a decision, or a number that was computed for
    it, is not what comes out.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from responders import journal as journals
    from responders.entries import Step
    from responders.rederive import decided
    from responders.rederive import rederive as again
    from schemas.errors import PoisonRecordError

    table = Table(box=None)
    for title in ("step", "scope", "decided", "again", "why"):
        table.add_column(title, overflow="fold")
    wrong = 0
    for entry in journals.read(journal):
        if not isinstance(entry, Step) or not decided(entry.action):
            continue
        action = entry.action
        try:
            found = again(action)
            told = "equal" if found.equal else "[bold red]differs[/]"
            why = "; ".join((found.reason, *found.differences))
            wrong += not found.equal
        except PoisonRecordError as error:
            told, why, wrong = "[bold red]unknown[/]", str(error), wrong + 1
        name = f"{action.action[:12]}/{action.step}"
        table.add_row(name, action.scope, action.state, told, Text(why))
    Console().print(table)
    if wrong:
        raise typer.Exit(1)
