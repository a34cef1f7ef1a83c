"""Waiting on conditions, never on time."""

import time
from collections.abc import Callable

PATIENCE = 40.0
"""Seconds; generous, because a busy machine is slow and a condition that holds ends the wait."""


def until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Return once the condition holds; fail if it does not in time."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:g} s in vain"
        time.sleep(0.05)
