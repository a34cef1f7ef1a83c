"""`firebreak disarm` and `firebreak arm`: the kill switch, and the way back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from responders.switch import Switch
    from runtime.settings import Settings


def disarm(reason: str = "") -> None:
    """Stop the responder from signing brakes, at once and until people arm it again.

    Brakes that were sent are still followed. It says nothing to the chain: a gate is killed by its
    Safe.
    """
    from runtime.clock import SystemClock

    _switch().disarm(reason, SystemClock().now_ns())
    typer.echo("disarmed")


def arm(
    key: Annotated[Path | None, typer.Option(help="Your Ed25519 key; two people's arm.")] = None,
) -> None:
    """Take back `firebreak disarm`. With respond.arming_keys it takes two people, one key each."""
    from runtime.signatures import load_signer

    missing = _switch().arm(None if key is None else load_signer(key))
    typer.echo(f"{missing} more people have to sign" if missing else "armed")


def switch_of(settings: "Settings", journal: Path) -> "Switch":
    """Return the switch beside a journal."""
    from responders.switch import Switch
    from runtime.signatures import load_verifier

    folder = settings.respond.arming_keys
    return Switch(journal, None if folder is None else load_verifier(folder))


def _switch() -> "Switch":
    from cli.wiring import read_settings

    settings = read_settings()
    journal = settings.respond.journal
    if journal is None:
        raise ConfigurationError("respond.journal is not set: there is no responder to (dis)arm")
    return switch_of(settings, journal)
