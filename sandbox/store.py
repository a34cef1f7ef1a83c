"""The cache: folders that are either complete or not there."""

import shutil
from collections.abc import Callable
from pathlib import Path

from sandbox.lock import locked
from schemas.errors import ConfigurationError

Report = Callable[[str], None]
"""Takes one line that says what is being done now."""


def once(target: Path, build: Callable[[Path], Path]) -> Path:
    """Return the folder `target`, building it first if it is not there.

    `build` works in a scratch folder and returns the folder within it that is to be kept; that one
    is moved into place whole, and everything else in the scratch folder is removed, also after a
    failure. Of several processes one builds, the others wait for it. Raises what `build` raises,
    and `ConfigurationError` when the cache cannot be written to.
    """
    if target.is_dir():
        return target
    try:
        with locked(target.with_name(f".{target.name}.lock")):
            return target if target.is_dir() else _build(target, build)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write to the cache {target.parent}: {error}. "
            "Make room there, or let FIREBREAK_CACHE name another folder."
        ) from error


def _build(target: Path, build: Callable[[Path], Path]) -> Path:
    scratch = target.with_name(f".{target.name}.partial")
    shutil.rmtree(scratch, ignore_errors=True)  # of a builder that was killed
    scratch.mkdir()
    try:
        return build(scratch).rename(target)
    finally:
        shutil.rmtree(scratch)
