"""What every command of a recovery needs: its plan, and a node to ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from responders.recovery.desk import Node
    from responders.recovery.plan import RecoveryPlan

PlanFile = Annotated[Path, typer.Argument(help="The plan of the case (TOML).")]


def plan_of(path: Path) -> "RecoveryPlan":
    """Return the plan of a file, with the fast path that its protocol's manifest names.

    Raises `ConfigurationError` naming every field that is wrong.
    """
    from cli.wiring import read_manifests, read_settings
    from responders.recovery.plan import read_plan

    manifests = read_manifests(read_settings())
    paths = {name: m.fast_path for name, m in manifests.items() if m.fast_path is not None}
    return read_plan(path, paths)


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
