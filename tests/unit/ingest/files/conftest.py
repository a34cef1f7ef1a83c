"""Small recorded files, made by hand, and what reading them gives."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.files import Item, Tally, Unreadable, read
from ingest.raw import RawBlock

Put = Callable[..., Path]
Items = Callable[..., list[Item]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name says nothing about chains."""
    made = tmp_path / "recorded"
    made.mkdir()
    return made


@pytest.fixture
def put(folder: Path) -> Put:
    """Write a file: bytes and text as they are, lists of lines, everything else as JSON."""

    def write(name: str, *content: Any) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if len(content) == 1 and isinstance(content[0], bytes):
            data = content[0]
        elif all(isinstance(line, str) for line in content):
            data = "\n".join(content).encode()
        else:
            data = "\n".join(json.dumps(value) for value in content).encode()
        path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
        return path

    return write


@pytest.fixture
def items(folder: Path) -> Items:
    """Read a path, by default the whole folder; the counts have to add up every time."""

    def collect(path: Path = folder, *, chain: str | None = None) -> list[Item]:
        tally = Tally()
        found = list(read(path, chain=chain, tally=tally))
        assert tally.read == tally.published + tally.skipped.total() + tally.unreadable
        for file in tally.files.values():
            assert file.read == file.published + file.skipped.total() + file.unreadable
        return found

    return collect


@pytest.fixture
def blocks(items: Items) -> Callable[..., list[RawBlock]]:
    """Read a path that holds nothing but blocks."""

    def collect(*args: Any, **options: Any) -> list[RawBlock]:
        bodies = [item.body for item in items(*args, **options)]
        assert all(isinstance(body, RawBlock) for body in bodies), bodies
        return [body for body in bodies if isinstance(body, RawBlock)]

    return collect


@pytest.fixture
def broken(items: Items) -> Callable[..., list[Unreadable]]:
    """Read a path and return what of it cannot be read."""

    def collect(*args: Any, **options: Any) -> list[Unreadable]:
        bodies = [item.body for item in items(*args, **options)]
        return [body for body in bodies if isinstance(body, Unreadable)]

    return collect
