"""The package clients of this machine: npm, Maven, pip. They know its mirrors and certificates."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from schemas.errors import ConfigurationError, TransientError

PATIENCE = 900
"""Seconds after which a client that still downloads counts as stuck."""

_SHOWN_LINES = 4


def find(program: str, remedy: str) -> str:
    """Return where a program is. Raises `ConfigurationError` with the remedy if it is nowhere."""
    found = shutil.which(program)
    if found is None:
        raise ConfigurationError(f"{program} is missing. {remedy}")
    return found


def fetch(command: Sequence[str], folder: Path, extra: Mapping[str, str] = {}) -> None:
    """Run a package client in `folder`, with `extra` environment variables.

    Raises `TransientError` with what it complained of when it fails: mostly that is the network.
    """
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command of ours, no shell
            command,
            cwd=folder,
            env=os.environ | extra,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise TransientError(f"{command[0]} was not done after {PATIENCE} s; try again") from error
    if done.returncode:
        raise TransientError(
            f"{command[0]} could not fetch what is needed, with exit status {done.returncode}:\n"
            f"{_complaint(done.stdout)}\nCheck that this machine reaches its package registries "
            "(network, proxy, certificates), then try again."
        )


def _complaint(output: str) -> str:
    """Return the first lines that speak of an error, else the last ones there are."""
    lines = output.strip().splitlines()
    errors = [line for line in lines if "error" in line.lower()][:_SHOWN_LINES]
    return "\n".join(f"  {line}" for line in errors or lines[-_SHOWN_LINES:])
