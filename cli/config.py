"""`firebreak config`: what is set, and where."""

from typing import Annotated

import typer

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `show` a command of its own."""


@app.command()
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Show every setting, its value and where that comes from. Secrets are masked."""
    import orjson
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    from runtime.settings import load
    from runtime.settings_shown import shown

    rows = list(shown(load(), {}))
    if as_json:
        found = [row._asdict() for row in rows]
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    folded = (Column(title, overflow="fold") for title in ("value", "from"))
    table = Table(Column("setting", no_wrap=True), *folded, box=None)
    for row in rows:
        table.add_row(row.name, Text(row.value), row.origin)
    Console().print(table)
