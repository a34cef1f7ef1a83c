"""`firebreak drill`: would every brake work now?"""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from responders.chain import Chain
    from responders.drill import Drill
    from responders.outlook import Account
    from runtime.settings import Settings

_GWEI = 10**9


def drill(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Rehearse every brake by simulation at the head; sign and send nothing. Exits with 1 if any
    would not work."""
    import orjson

    from cli.brakes import connected
    from cli.wiring import read_settings
    from responders.equipment import address_in

    settings = read_settings()
    with connected(settings) as chain:
        account = address_in(settings.respond, int(chain.name.rpartition(":")[2]))
        found = drilled(settings, chain, account).rehearse()
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        for one in found:
            told = one.trouble or "ready"
            typer.echo(f"{one.protocol}: {one.brake}: at block {one.block}: {told}")
    if any(one.trouble for one in found):
        raise typer.Exit(1)


def drilled(
    settings: "Settings", chain: "Chain", account: "Account", term: int | None = None
) -> "Drill":
    """Return the drill of the settings' brakes on this chain, as if this account pulled them, in a
    term of leadership; without one, in the latest that the gates have seen.

    Raises `ConfigurationError` when no manifest has a brake on it.
    """
    from cli.wiring import read_manifests
    from responders.adapters.gate import latest_epoch
    from responders.drill import Drill
    from responders.levers import within_reach
    from responders.outlook import Outlook
    from schemas.errors import ConfigurationError

    own, manifests = settings.respond, read_manifests(settings).values()
    epoch = latest_epoch(chain, manifests) if term is None else term
    levers = within_reach(manifests, chain, epoch, own.emergency)
    if not levers:
        raise ConfigurationError(f"no manifest in {settings.protocols} has a brake on {chain.name}")
    return Drill(Outlook(chain, account, own.fee_cap_gwei * _GWEI), levers)
