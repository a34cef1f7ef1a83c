"""`firebreak detectors`: what is installed, whether it conforms, a new one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.errors import ConfigurationError

app = typer.Typer(help="Detector plug-ins: list, check, make a new one.", no_args_is_help=True)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Show the detectors of every set, with what they see and what they cannot."""
    import msgspec
    import orjson

    from cli.wiring import read_settings
    from detectors.sets import load_set

    settings = read_settings()
    rows = []
    for set_name, names in settings.detect.sets.items():
        for name, made in load_set(names, settings.detect.allowed).items():
            rows.append((set_name, name, made.spec))
    if as_json:
        typer.echo(
            orjson.dumps(
                [{"set": row[0], **msgspec.to_builtins(row[2])} for row in rows],
                option=orjson.OPT_INDENT_2,
            ).decode()
        )
        return
    table = Table("set", "detector", "version", "technique", "sees", "cannot see")
    for set_name, name, spec in rows:
        blind = "\n".join(spec.blind_spots)
        table.add_row(set_name, name, spec.version, spec.technique, spec.summary, blind)
    Console().print(table)


@app.command()
def check(name: str, as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Run the conformance suite on an installed detector; exit 1 if a rule is not kept."""
    import orjson

    from detectors.api import Detector
    from detectors.conformance import RULES, check_detector
    from runtime import plugins

    # Checking is how trust begins, so the allow-list is not asked here.
    made = plugins.choose(plugins.DETECTORS, name, allowed=(name,)).load()
    if not (isinstance(made, type) and issubclass(made, Detector)):
        raise ConfigurationError(f"{name!r} is not a subclass of detectors.api.Detector")
    failures = check_detector(made)
    if as_json:
        found = [{"rule": failure.rule, "detail": failure.detail} for failure in failures]
        typer.echo(orjson.dumps({"detector": name, "failures": found}).decode())
    else:
        console = Console()
        broken = {failure.rule: failure.detail for failure in failures}
        for rule in RULES:
            title = rule.__name__.removeprefix("_").replace("_", " ")
            mark = "[red]✗[/]" if title in broken else "[green]✓[/]"
            console.print(f"{mark} {title}", broken.get(title, ""), highlight=False)
    raise typer.Exit(1 if failures else 0)


@app.command()
def new(name: str, folder: Annotated[Path, typer.Option(help="Where to put it.")] = Path()) -> None:
    """Make a working, tested package for a new detector, outside this repository."""
    from detectors.scaffold import write

    Console().print(f"Wrote {write(name, folder)}; its README says how to go on.")
