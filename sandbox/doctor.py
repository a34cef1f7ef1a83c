"""Examines a machine and an installation: what is missing, and how to mend it."""

from runtime.settings import Settings
from sandbox.doctor_installation import installation
from sandbox.doctor_machine import machine
from sandbox.finding import Finding

__all__ = ["Finding", "examine"]


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; change nothing. Takes some seconds where something does not answer."""
    return [*machine(settings), *installation(settings)]
