"""`firebreak plugins`: what is installed beside Firebreak, and what of it may run."""

from typing import Annotated

import typer

app = typer.Typer(help="Look at the plug-ins.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `list` a command of its own."""


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Show every installed plug-in, who brought it, and whether it is on the allow-list."""
    import orjson
    from rich.console import Console
    from rich.table import Table

    from runtime import plugins
    from runtime.settings import load

    allowed = load().detect.allowed
    found = plugins.installed(plugins.DETECTORS)
    if as_json:
        rows = [
            {
                "name": plugin.name,
                "kind": plugin.group,
                "distribution": plugin.distribution,
                "version": plugin.version,
                "object": plugin.entry.value,
                "allowed": plugin.name in allowed,
                "confined": not plugin.shipped,
            }
            for plugin in found
        ]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("plug-in", "kind", "from", "version", "may run", box=None)
    for plugin in found:
        where = "yes" if plugin.shipped else "yes, confined"
        may_run = where if plugin.name in allowed else "no: not in detect.allowed"
        table.add_row(plugin.name, plugin.group, plugin.distribution, plugin.version, may_run)
    Console().print(table)
