"""What tells one state of files from another, without reading them."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

Stamp = tuple[tuple[str, int, int], ...]
"""Path, size and time of change (ns since 1970) of each file."""


def stamped(paths: Iterable[Path]) -> Stamp:
    """Return the stamp of these files; one that is being replaced just now has none."""
    found = []
    for path in paths:
        with suppress(OSError):
            status = path.stat()
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(found)
