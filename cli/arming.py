"""`firebreak disarm` and `firebreak arm`: the kill switch, and the way back."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError, PipelineError

if TYPE_CHECKING:
    from responders.switch import Switch
    from runtime.settings import Settings


DISARM_SECONDS = 2.0
"""The longest that disarming waits for the record: it must work without any topic."""


def disarm(reason: str = "") -> None:
    """Stop the responder from signing brakes, at once and until people arm it again.

    It is told on authority-v1 first, if that takes the record within two seconds. Brakes that were
    sent are still followed. It says nothing to the chain: a gate is killed by its Safe.
    """
    from cli.wiring import read_settings
    from runtime.clock import SystemClock

    settings, now = read_settings(), SystemClock().now_ns()
    switch = switch_beside(settings)
    try:
        missing = _recorded_in_time(settings, now // 1000, reason)
    finally:  # whatever happened to the record, or to whoever waited for it
        switch.disarm(reason, now)
        typer.echo("disarmed")
    if missing:
        typer.echo(f"before anyone was told: {missing}; a running responder tells it", err=True)


def arm(
    key: Annotated[Path, typer.Option(help="Your Ed25519 key; two people's arm.")],
) -> None:
    """Sign that the responder may brake, at first and after each `firebreak disarm`.

    It takes two people of respond.arming_keys, each with a key of their own. It is told on
    authority-v1 first; what cannot be told does not happen.
    """
    from cli.wiring import read_settings
    from runtime.clock import SystemClock
    from runtime.signatures import load_signer

    settings, person = read_settings(), load_signer(key)
    switch = switch_beside(settings)
    word = switch.word(person)  # who disarms while it is told makes it void
    _record(settings, SystemClock().now_ns() // 1000, key=person.key_id)
    missing = switch.arm(word)
    typer.echo(f"{missing} more people have to sign" if missing else "armed")


def _record(settings: "Settings", time: int, *, key: str = "", reason: str = "") -> None:
    """Tell everyone that the switch is about to be touched; return once the topic has it."""
    from cli.wiring import connect
    from responders.arming import intent
    from runtime.announcement import publish
    from schemas.topics import AUTHORITY

    assert settings.respond.journal is not None  # noqa: S101 - there is a switch beside it
    producer = connect(settings, AUTHORITY).producer()
    told = intent(settings.respond.journal, time, key=key, reason=reason)
    publish(producer, AUTHORITY, told)
    producer.flush()
    producer.close()


def _recorded_in_time(settings: "Settings", time: int, reason: str) -> str:
    """Tell everyone of disarming; return what kept it from being told so soon, '' for nothing."""
    came: list[str] = []

    def record() -> None:
        try:
            _record(settings, time, reason=reason)
        except PipelineError as error:
            came.append(str(error))
        else:
            came.append("")

    telling = threading.Thread(target=record, daemon=True)
    try:
        telling.start()
    except RuntimeError as error:  # no thread to be had
        return str(error)
    telling.join(DISARM_SECONDS)
    return came[0] if came else f"no broker answered in {DISARM_SECONDS:g} s"


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
