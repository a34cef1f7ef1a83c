"""`firebreak archive`: keep topics for years, ask about them, see that nothing was lost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from schemas.services import HISTORY
from schemas.topics import BEATS

if TYPE_CHECKING:
    from forensics.archive.query import Found

app = typer.Typer(
    help="Keep topics for years, in Parquet, and ask about them.", no_args_is_help=True
)

Folder = Annotated[
    Path | None, typer.Option(help="The archive; without it archive.folder of the settings.")
]

GROUP = "firebreak-archive"
_SIZES = ("records", "files", "bytes")


@app.command()
def keep(
    folder: Folder = None,
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Write every record to the archive, once. A second one on the same folder shares the work."""
    from cli.wiring import beats_of, connect, read_settings
    from cli.working import work
    from forensics.archive.keeper import KEEP_EVERY, Keeper
    from runtime.announcement import announce
    from runtime.service import running

    settings = read_settings(archive={"folder": folder}, health={"port": health_port})
    broker = connect(settings, *HISTORY, BEATS)
    with running("archive", settings) as service:
        announce(broker, service, settings)
        topics = [spec.name for spec in HISTORY]
        keeper = Keeper(settings.archive_folder, broker, topics, service.metrics)
        consumer = broker.consumer(GROUP)
        beats = beats_of(settings, broker, service, GROUP)

        work(consumer, keeper, service, beats=beats, interval=KEEP_EVERY)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; `show` names the views.")],
    folder: Folder = None,
    form: Annotated[
        Literal["table", "json", "csv"], typer.Option("--form", help="How to print the rows.")
    ] = "table",
    rows: Annotated[int, typer.Option(min=1, max=1_000_000, help="Print so many.")] = 1000,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="CPU time it may take.")] = 30.0,
    memory: Annotated[int, typer.Option(min=128, max=1 << 20, help="MiB it may take.")] = 1024,
) -> None:
    """Ask the archive in SQL (DuckDB's). It reads the archive alone, and changes nothing."""
    from cli.wiring import read_settings
    from forensics.archive.query import Bounds, ask

    settings = read_settings(archive={"folder": folder})
    found = ask(settings.archive_folder, sql, Bounds(rows, seconds, memory * 1024 * 1024))
    {"table": _print_table, "json": _print_json, "csv": _print_csv}[form](found)
    if found.more:
        typer.echo(f"there are more than {rows:,} rows: --rows prints more", err=True)


@app.command()
def show(folder: Folder = None) -> None:
    """Say what the archive holds, by topic, and under which name SQL knows it."""
    from rich.console import Console
    from rich.table import Column, Table

    from cli.wiring import read_settings
    from forensics.archive.checking import extents
    from forensics.archive.query import view_of
    from forensics.archive.register import Register

    settings = read_settings(archive={"folder": folder})
    table = Table("topic", "view", *(Column(name, justify="right") for name in _SIZES), box=None)
    for extent in extents(Register(settings.archive_folder)):
        sizes = (extent.records, extent.files, extent.bytes)
        table.add_row(extent.topic, view_of(extent.topic), *(f"{size:,}" for size in sizes))
    Console().print(table)


@app.command()
def check(folder: Folder = None) -> None:
    """Compare every file with what was written, and look for gaps; exit with 1 if any is wrong."""
    from cli.wiring import read_settings
    from forensics.archive.checking import extents, faults, losses
    from forensics.archive.register import Register

    register = Register(read_settings(archive={"folder": folder}).archive_folder)
    found = list(faults(register))
    for fault in found:
        typer.echo(fault)
    if found:
        raise typer.Exit(1)
    for loss in losses(register):
        typer.echo(loss)
    kept = extents(register)
    typer.echo(f"{sum(e.records for e in kept):,} records in {sum(e.files for e in kept):,} files")


def _print_table(found: "Found") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*map(escape, found.columns), box=None)
    for row in found.rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    Console().print(table)


def _print_json(found: "Found") -> None:
    import orjson

    for row in found.rows:
        typer.echo(orjson.dumps(dict(zip(found.columns, row, strict=True))))


def _print_csv(found: "Found") -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout)
    writer.writerow(found.columns)
    writer.writerows(found.rows)
