"""`firebreak topics`: the topics there are, and whether the broker has them as they should be."""

from typing import Annotated

import typer

app = typer.Typer(help="List, create and check the topics.", no_args_is_help=True)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Show every topic: what it carries, how it is keyed and cut, how long it is kept."""
    import orjson
    from rich.console import Console
    from rich.table import Column, Table

    from schemas.topics import TOPICS

    rows = [
        {
            "name": spec.name,
            "doc": spec.doc,
            "kinds": [str(record.__struct_config__.tag) for record in spec.records],
            "key": spec.key,
            "partitions": spec.partitions,
            "retention_hours": spec.retention_hours,
        }
        for spec in TOPICS.values()
    ]
    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table(Column("topic", no_wrap=True), "key", "partitions", "kept", "carries", box=None)
    for spec in TOPICS.values():
        hours = spec.retention_hours
        kept = "newest of each key" if hours is None else f"{hours} h"
        table.add_row(spec.name, spec.key, str(spec.partitions), kept, spec.doc)
    Console().print(table)


@app.command()
def create(as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Create the topics that do not exist; leave the others as they are."""
    import orjson

    from cli.wiring import connect, read_settings
    from schemas.topics import TOPICS

    created = connect(read_settings()).create(TOPICS.values())
    if as_json:
        typer.echo(orjson.dumps({"created": created}).decode())
    else:
        typer.echo("\n".join(f"created {name}" for name in created) or "every topic was there")


@app.command()
def check(as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Compare the broker's topics with what they should be; exit with 1 if any differs."""
    import orjson

    from cli.wiring import connect, read_settings
    from schemas.topics import TOPICS

    found = connect(read_settings()).differences(TOPICS.values())
    if as_json:
        typer.echo(orjson.dumps({"differences": found}).decode())
    else:
        typer.echo("\n".join(found) or f"all {len(TOPICS)} topics are as they should be")
    if found:
        raise typer.Exit(1)
