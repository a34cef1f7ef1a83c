"""`firebreak ingest`: from a chain, or from files, to the topics."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from ingest.files_service import FileCount

app = typer.Typer(help="Publish what a chain did.", no_args_is_help=True)


@app.command()
def evm(
    endpoint: Annotated[
        list[str] | None,
        typer.Option(help="IPC path, ws:// or http:// address; may be given again, best first."),
    ] = None,
    start: Annotated[
        int | None, typer.Option(min=0, help="First block, where nothing is published yet.")
    ] = None,
    traces: Annotated[
        str | None, typer.Option(help="auto, parity, geth or none.", metavar="KIND")
    ] = None,
    pending: Annotated[
        bool | None, typer.Option("--pending/--no-pending", help="Also the node's pool.")
    ] = None,
) -> None:
    """Follow a chain through its nodes until stopped, and go on later where it left off."""
    from cli.wiring import connect, read_manifests, read_settings
    from ingest.lens import Lenses
    from ingest.service import EvmService
    from runtime.announcement import announce
    from runtime.service import running

    flags = {"endpoints": endpoint or None, "start": start, "traces": traces, "pending": pending}
    settings = read_settings(evm=flags)
    lenses = Lenses(list(read_manifests(settings).values()), settings.protocols)
    with running("ingest", settings) as service:
        broker = connect(settings)
        announce(broker, service, settings)
        EvmService(settings, broker, lenses, service).run()


@app.command()
def files(
    path: Annotated[Path, typer.Argument(help="A file or a folder of recorded chain data.")],
    chain: Annotated[
        str | None, typer.Option(help="The chain it is from, such as eip155:56.", metavar="CAIP-2")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Publish recorded files, each record once, however often this is run."""
    from cli.wiring import connect, read_manifests, read_settings
    from ingest.files import extent
    from ingest.files_service import FilesService
    from ingest.lens import Lenses
    from runtime import logs
    from runtime.clock import SystemClock
    from runtime.metrics import Metrics

    settings = read_settings()
    logs.configure("ingest", settings.log.level, settings.log.format)
    lenses = Lenses(list(read_manifests(settings).values()), settings.protocols)
    service = FilesService(connect(settings), lenses, Metrics(), SystemClock())
    with Progress(
        TextColumn("reading"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=as_json,
    ) as progress:
        task = progress.add_task("reading", total=extent(path)[1])
        service.run(path, chain=chain, advance=lambda count: progress.advance(task, count))
    (_print_json if as_json else _print_table)(service.counts)


def _print_table(counts: "dict[str, FileCount]") -> None:
    from ingest.files_service import FileCount

    table = Table("file", *(title for title, _ in _numbers(FileCount())), show_footer=True)
    total = FileCount()
    for name, count in sorted(counts.items()):
        total += count
        table.add_row(name, *(f"{number:,}" for _, number in _numbers(count)))
    for column, text in zip(
        table.columns, ["total", *(f"{number:,}" for _, number in _numbers(total))], strict=True
    ):
        column.footer = text
        column.justify = "left" if text == "total" else "right"
    console = Console()
    console.print(table)
    for reason, number in total.skipped.most_common():
        console.print(f"skipped {number:,}: {reason}", highlight=False)


def _print_json(counts: "dict[str, FileCount]") -> None:
    import orjson

    from ingest.files_service import FileCount

    total = FileCount()
    for count in counts.values():
        total += count
    found = {name: _table(count) for name, count in sorted(counts.items())}
    typer.echo(orjson.dumps({"files": found, "total": _table(total)}).decode())


def _numbers(count: "FileCount") -> list[tuple[str, int]]:
    return [
        ("read", count.read),
        ("published", count.published),
        ("already there", count.there),
        ("skipped", count.skipped.total()),
        ("unreadable", count.unreadable),
    ]


def _table(count: "FileCount") -> dict[str, object]:
    names = (title.replace(" ", "_") for title, _ in _numbers(count))
    numbers = (number for _, number in _numbers(count))
    return {**dict(zip(names, numbers, strict=True)), "reasons": dict(count.skipped)}
