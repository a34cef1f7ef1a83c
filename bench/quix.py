"""An environment of Quix Streams' own: its dependencies do not fit beside ours.

Made once from PyPI by hash, and kept in the cache. What it lacks of ours (the scoring and what that
stands on) it finds in our environment, behind its own packages.
"""

import hashlib
import subprocess
import sys
import sysconfig
from pathlib import Path

from bench.place import ROOT, Place

LOCK = Path(__file__).parent / "pins" / "requirements-quix.lock"


class NotAvailableError(Exception):
    """It is not here and cannot be fetched."""


def python(place: Place) -> Path:
    """Return its Python. Raises `NotAvailableError` with the reason."""
    name = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = place.cache / f"quix-{name}"
    program = folder / "bin" / "python"
    if not (folder / "complete").exists():
        _run([sys.executable, "-m", "venv", "--clear", folder])
        install = [program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pinned = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", LOCK]
        _run([*install, *pinned])
        (folder / "complete").touch()
    # The cache outlives the clone that filled it, so each says anew where it is.
    inner = next((folder / "lib").glob("python3*/site-packages"))
    (inner / "ours.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    return program


def _run(command: list[object]) -> None:
    done = subprocess.run(  # noqa: S603 - venv and pip, no shell
        list(map(str, command)), capture_output=True, check=False, text=True
    )
    if done.returncode:
        raise NotAvailableError(done.stderr.strip()[-500:] or "pip failed")
