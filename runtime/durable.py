"""Files that are on the disk before anyone relies on them."""

import os
from pathlib import Path


def write_synced(path: Path, data: bytes) -> None:
    """Write a file and have its content on the disk. Raises `OSError`."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Have a folder's names, or a file's content, on the disk. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_synced(path: Path, data: bytes) -> None:
    """Replace a file, or make it in a folder for its owner alone: after a crash it is the old one
    or the new one, whole. Raises `OSError`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    write_synced(beside, data)
    beside.replace(path)
    sync(path.parent)
