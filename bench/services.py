"""Firebreak's own services as processes, with what they need to find."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.place import Place
from bench.report import BrokenResultError
from runtime.signatures import generate
from sandbox.process import ChildProcess

PATIENCE = 120.0
"""Seconds to wait for anything on a busy machine."""


def service(
    place: Place, space: str, *command: str, settings: dict[str, object] | None = None
) -> ChildProcess:
    """Start a service; it ends with the measurement."""
    folder = place.folder / space.rstrip(".")
    folder.mkdir(exist_ok=True)
    key = folder / "keys" / "detector.pem"
    if not key.exists():
        generate(folder / "keys", "detector")
    environment = {
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": place.bootstrap,
        "FIREBREAK_KAFKA__NAMESPACE": space,
        "FIREBREAK_HOME": str(folder / "home"),
        "FIREBREAK_PROTOCOLS": str(folder / "protocols"),
        "FIREBREAK_DETECT__SIGNING_KEY": str(key),
        "FIREBREAK_LOG__LEVEL": "WARNING",
    }
    given = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in (settings or {}).items()
    }
    program = str(Path(sys.executable).with_name("firebreak"))
    process = ChildProcess(
        [program, *command], folder / f"{command[0]}.log", environment=environment | given
    )
    place.stack.callback(process.kill)
    return process


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something. Raises `BrokenResultError` when it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise BrokenResultError(f"waited {PATIENCE:g} s for {what}")
