"""`firebreak acls`: what each service may do on the cluster, and nothing else."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from runtime.access import Grant
    from runtime.kafka_access import KafkaAccess

app = typer.Typer(help="List, give and check the services' rights on Kafka.", no_args_is_help=True)

Principal = Annotated[
    str,
    typer.Option(
        help="Kafka's name of a service's user; with client certificates User:CN=... .",
        metavar="PATTERN",
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_USUAL = "User:firebreak-{service}"


@app.command("list")
def list_(principal: Principal = _USUAL, as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Show the rights that the services need: all of them, and no others. Asks no broker."""
    from dataclasses import asdict

    import orjson
    from rich.console import Console
    from rich.table import Column, Table

    found = _needed(principal)
    if as_json:
        rows = [asdict(grant) for grant in found]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table(Column("user", no_wrap=True), "may", "", Column("", overflow="fold"), box=None)
    for grant in found:
        star = "*" if grant.prefixed else ""
        table.add_row(grant.principal, grant.operation, grant.resource, grant.name + star)
    Console().print(table)


@app.command()
def apply(principal: Principal = _USUAL, as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Give the services the rights that they lack. Takes nothing away; see `check` for that."""
    import orjson

    needed = _needed(principal)
    access = _access()
    missing = access.missing(needed)
    access.grant(missing)
    if as_json:
        typer.echo(orjson.dumps({"granted": [str(grant) for grant in missing]}).decode())
    else:
        typer.echo("\n".join(str(grant) for grant in missing) or "every right was there")


@app.command()
def check(principal: Principal = _USUAL, as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Say what a service lacks, and who may do more than any service needs; exit with 1 then."""
    import orjson

    from runtime.kafka_access import told

    needed = _needed(principal)
    access = _access()
    missing, beyond = told(access.missing(needed)), access.beyond(needed)
    if as_json:
        typer.echo(orjson.dumps({"missing": missing, "beyond": beyond}).decode())
    else:
        typer.echo("\n".join(missing + beyond) or f"all {len(needed)} rights, and no others")
    if missing or beyond:
        raise typer.Exit(1)


def _needed(principal: str) -> "list[Grant]":
    from cli.wiring import read_settings
    from runtime.access import grants
    from schemas.errors import ConfigurationError
    from schemas.services import SERVICES

    if "{service}" not in principal or not principal.startswith("User:"):
        raise ConfigurationError(
            f"--principal {principal!r}: must begin with User: and hold {{service}}, as in {_USUAL}"
        )
    return grants(SERVICES.values(), principal, read_settings().kafka.namespace)


def _access() -> "KafkaAccess":
    from cli.wiring import read_settings
    from runtime.kafka_access import KafkaAccess

    return KafkaAccess(read_settings().kafka.librdkafka())
