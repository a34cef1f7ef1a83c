"""`firebreak recover decided`: what two people approved in the console, as their Safe signs it."""

from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from schemas.decisions import Voice


def decided(
    proposal: Annotated[str, typer.Argument(help="The proposal's id, or how it begins.")],
    safe: Annotated[str, typer.Option(help="The Safe that shall make its calls.")],
    as_json: Annotated[bool, typer.Option("--json", help="What to sign.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Show what two people approved and what it would do; with --json, what the Safe's owners sign.

    For the nonce that the Safe is at. Exits with 1 if a call would revert. Signs and sends nothing.
    """
    import orjson

    from cli.recover_node import node
    from cli.wiring import connect, read_settings
    from responders.recovery import decided as deciding
    from responders.recovery.simulation import rehearse
    from runtime.safe_transactions import proposed_rows
    from schemas.topics import DECISIONS

    found = deciding.decided(connect(read_settings(), DECISIONS), proposal)
    asked, answerer = found.proposal, found.decision.answerer
    if asked.staged is not None:
        raise ConfigurationError(
            "these calls are a step that firebreak recover staged: its plan says what is signed"
        )
    with node() as reached:
        made, who = deciding.for_safe(reached.chain, asked, safe.lower())
        rehearsal = rehearse(reached.endpoints, made.safe, made.moves, ())
    if as_json:
        rows = proposed_rows(made.transactions, f"Firebreak {asked.id}")
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    else:
        typer.echo(f"{asked.matter}: {asked.words}")
        typer.echo(f"proposed by {_told(asked.by)}")
        if answerer is not None:
            typer.echo(f"approved by {_told(answerer)}")
        for effect in rehearsal.effects:
            outcome = f"{effect.gas} gas" if effect.ok else f"would revert: {effect.reason}"
            typer.echo(f"  {effect.move.words}\n    at block {rehearsal.block}: {outcome}")
        for transaction in made.transactions:
            typer.echo(f"nonce {transaction.nonce}: 0x{transaction.digest.hex()}")
        typer.echo(f"{who.quorum} of {len(who.signers)} owners sign")
    if not all(effect.ok for effect in rehearsal.effects):
        raise typer.Exit(1)


def _told(voice: "Voice") -> str:
    proof = f"signed by {voice.account}" if voice.signature != "0x" else "on the console's word"
    return f"{voice.person}, {proof}"
