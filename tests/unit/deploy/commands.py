"""Whether a container's command and environment are what command line and settings take."""

from collections.abc import Mapping, Sequence

from typer.testing import CliRunner

from cli.main import app
from runtime.settings import load
from runtime.settings_shown import shown


def complaint(command: Sequence[str]) -> str:
    """Say what the command line does not know of this command; '' when it knows it all."""
    done = CliRunner().invoke(app, [*command, "--help"])
    return "" if done.exit_code == 0 else done.output


def unheeded(environment: Mapping[str, str]) -> set[str]:
    """Return the variables that set nothing; they have to be in this process' environment.

    Raises `ConfigurationError` for one that sets what there is not, or sets it wrongly.
    """
    heeded = {row.origin for row in shown(load(), {})} | {"FIREBREAK_CONFIG"}
    return {name for name in environment if name.startswith("FIREBREAK_")} - heeded
