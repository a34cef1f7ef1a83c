"""What every command of a recovery needs: its plan, and a node to ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from responders.recovery.desk import Node

PlanFile = Annotated[Path, typer.Argument(help="The plan of the case (TOML).")]


@contextmanager
def node() -> Iterator["Node"]:
    """Return the chain that responders ask; let go of it afterwards."""
    from cli.wiring import read_settings
    from responders.recovery.desk import Node
    from runtime.evm import Endpoints

    settings = read_settings()
    endpoints = Endpoints(
        settings.respond.endpoints or settings.evm.endpoints, settings.evm.request_seconds
    )
    try:
        yield Node(endpoints)
    finally:
        endpoints.close()
