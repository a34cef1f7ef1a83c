"""Commands of `firebreak recover` beside the course of a case: what goes into its proposals."""

from pathlib import Path
from typing import Annotated

import typer

from cli.recover_node import PlanFile, node, plan_of
from schemas.errors import ConfigurationError


def eradicate(
    plan: PlanFile,
    key: Annotated[str, typer.Option(help="The address whose key is compromised.")],
    successor: Annotated[
        str | None, typer.Option(help="Who takes over what somebody has to hold.")
    ] = None,
    since: Annotated[int, typer.Option(help="The protocol's first block.")] = 0,
) -> None:
    """Find what a compromised key can still do; print the calls that end it, for the plan's fix.

    Each call is rehearsed as those who decide would make it. Exit code 1 when something is left
    that they cannot end.
    """
    from cli.wiring import read_manifests, read_settings
    from responders.recovery.eradication import Search
    from responders.recovery.simulation import rehearse

    found = plan_of(plan)
    manifest = read_manifests(read_settings()).get(found.protocol)
    if manifest is None:
        raise ConfigurationError(f"no manifest of {found.protocol}")
    left = False
    with node() as asked:
        contracts = tuple(sorted(manifest.addresses))
        heir = successor and successor.lower()
        search = Search(asked.endpoints, asked.chain, contracts, key.lower(), heir, since)
        for power in search.powers(found.maker, asked.chain.head().number):
            typer.echo(f"# {power.words}")
            if power.ending is None:
                left = True
                continue
            (effect,) = rehearse(asked.endpoints, found.maker, [power.ending], ()).effects
            left = left or not effect.ok
            can = "  " if effect.ok else f"# {found.maker} cannot: {effect.reason}\n# "
            typer.echo(f"{can}{power.ending.toml},")
    if left:
        raise typer.Exit(1)


def layout(
    old: Annotated[Path, typer.Argument(help="The compiler's storage layout of the old code.")],
    new: Annotated[Path, typer.Argument(help="That of the new code.")],
) -> None:
    """Say what new code adds to the old storage, and where it would misread it (exit code 1)."""
    from schemas.layouts import added, clashes, read_layout

    before, after = read_layout(old), read_layout(new)
    for words in added(before, after):
        typer.echo(f"new: {words}")
    found = list(clashes(before, after))
    for words in found:
        typer.echo(f"clash: {words}")
    if found:
        raise typer.Exit(1)


def restitution(
    token: str,
    block: Annotated[int, typer.Option(help="The block whose balances count; a final one.")],
    fund: Annotated[str, typer.Option(help="What can be paid, in the smallest unit.")],
    into: Annotated[Path, typer.Option(help="The file to write.")],
    since: Annotated[int, typer.Option(help="The token's first block.")] = 0,
    exclude: Annotated[
        list[str] | None, typer.Option(help="An account that is paid nothing: the thief, a pool.")
    ] = None,
) -> None:
    """Take a snapshot of a token's balances; write root, amounts and proofs for `Restitution.sol`.

    Each is paid in proportion to what it held, rounded down, never more than that.
    """
    import msgspec

    from responders.recovery.restitution import check, restitution
    from responders.recovery.snapshot import balances, hash_of
    from schemas.units import account, uint

    without = {name.lower() for name in exclude or ()}
    token = token.lower()
    with node() as asked:
        held = balances(asked.endpoints, asked.chain, token, since, block)
        paid = {name: held[name] for name in held.keys() - without}
        name = account(asked.chain.name, token)
        made = restitution(name, block, hash_of(asked.endpoints, block), paid, uint(fund))
    check(made)
    into.write_bytes(msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    typer.echo(f"root {made.root}, total {made.total} for {len(made.claims)} accounts: {into}")


def claims(path: Annotated[Path, typer.Argument(help="What `restitution` wrote.")]) -> None:
    """Compute a published restitution again, and check every proof in it."""
    from responders.recovery.restitution import check, read

    found = read(path)
    check(found)
    typer.echo(f"root {found.root} holds: {found.total} for {len(found.claims)} accounts")
