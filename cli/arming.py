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
    from cli.wiring import read_settings
    from runtime.clock import SystemClock

    switch_beside(read_settings()).disarm(reason, SystemClock().now_ns())
    typer.echo("disarmed")


def arm(
    key: Annotated[Path, typer.Option(help="Your Ed25519 key; two people's arm.")],
) -> None:
    """Sign that the responder may brake, at first and after each `firebreak disarm`.

    It takes two people of respond.arming_keys, each with a key of their own.
    """
    from cli.wiring import read_settings
    from runtime.signatures import load_signer

    missing = switch_beside(read_settings()).arm(load_signer(key))
    typer.echo(f"{missing} more people have to sign" if missing else "armed")


def switch_of(settings: "Settings", journal: Path) -> "Switch":
    """Return the switch beside a journal."""
    from responders.switch import Switch
    from runtime.signatures import Verifier, load_verifier

    folder = settings.respond.arming_keys
    return Switch(journal, Verifier({}) if folder is None else load_verifier(folder))


def switch_beside(settings: "Settings") -> "Switch":
    """Return the switch beside the configured journal. Raises `ConfigurationError` without one."""
    journal = settings.respond.journal
    if journal is None:
        raise ConfigurationError("respond.journal is not set: there is no responder to (dis)arm")
    return switch_of(settings, journal)
