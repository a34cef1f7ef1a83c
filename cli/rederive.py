"""`firebreak rederive`: decide again what a responder decided, from its journal alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.actions import Action


def rederive(
    journal: Annotated[Path, typer.Argument(help="A responder's journal.")],
) -> None:
    """Decide every decision of a journal again from the numbers that it rests on, and compare.

    Checks the journal's hashes too. Exits with 1 if a decision, or a number that was computed for
    it, is not what comes out.
    """
    from responders import journal as journals
    from responders.entries import Step

    entries = journals.read(journal)
    if not decided_again([entry.action for entry in entries if isinstance(entry, Step)]):
        raise typer.Exit(1)


def decided_again(steps: "Iterable[Action]") -> bool:
    """Show every decision among these steps with what its numbers lead to; say whether all are
    equal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from responders.rederive import decided
    from responders.rederive import rederive as again
    from schemas.errors import PoisonRecordError

    table = Table(box=None)
    for title in ("step", "scope", "decided", "again", "why"):
        table.add_column(title, overflow="fold")
    wrong = 0
    for action in filter(decided, steps):
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
    return not wrong
