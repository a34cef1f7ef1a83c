"""A BagIt folder (RFC 8493) with SHA-256 and SHA-512 manifests: made once, complete or not at all.

    data/                       the payload
    bagit.txt, bag-info.txt     what it is
    manifest-*.txt              the digest of every payload file
    tagmanifest-*.txt           the digest of every file above
    timestamp.tsr               where a time-stamping authority is configured: its token over
                                tagmanifest-sha512.txt, and so over everything

The format is small: ours bounds what it reads and names each file that is wrong. `bagit`, of the
Library of Congress, reads our bags in the tests.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.errors import ConfigurationError

ALGORITHMS = ("sha256", "sha512")
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TIMESTAMP = "timestamp.tsr"
SEALED = "tagmanifest-sha512.txt"
"""The one file whose digest stands for the whole bag."""

DEEPEST = 16
"""Folders within folders; a bag of ours has a quarter of that."""

_CHUNK = 2**20


class Bag:
    """A bag that is being filled, beside where it will be. Left without `seal`, it is removed."""

    def __init__(self, folder: Path) -> None:
        if folder.exists():
            raise ConfigurationError(f"{folder} exists already; evidence is never overwritten")
        self.folder = folder
        self._partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
        self._sealed = False

    def __enter__(self) -> Self:
        (self._partial / "data").mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._sealed:
            shutil.rmtree(self._partial, ignore_errors=True)

    def keep(self, path: str, data: bytes) -> None:
        """Put a file into the payload, by a path of ours without any special characters."""
        place = self._partial / "data" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def load(self, path: str) -> bytes:
        """Return a payload file that was kept."""
        return (self._partial / "data" / path).read_bytes()

    def close(self, info: Mapping[str, str]) -> bytes:
        """Write the manifests; return the bytes that stand for the whole bag."""
        payload = sorted(files(self._partial / "data"))
        size = sum(path.stat().st_size for path in payload)
        about = dict(info) | {"Payload-Oxum": f"{size}.{len(payload)}"}
        lines = (f"{name}: {' '.join(value.split())}\n" for name, value in about.items())
        (self._partial / "bagit.txt").write_bytes(DECLARATION)
        (self._partial / "bag-info.txt").write_text("".join(lines), encoding="utf-8")
        self._write_manifests("manifest", payload)
        tags = [path for path in sorted(self._partial.iterdir()) if path.is_file()]
        self._write_manifests("tagmanifest", tags)
        return (self._partial / SEALED).read_bytes()

    def seal(self, timestamp: bytes | None) -> None:
        """Put the bag, with its timestamp if there is one, where it belongs; after `close`."""
        if timestamp is not None:
            (self._partial / TIMESTAMP).write_bytes(timestamp)
        self._partial.rename(self.folder)
        self._sealed = True

    def _write_manifests(self, kind: str, paths: Iterable[Path]) -> None:
        digests = {path.relative_to(self._partial).as_posix(): digest(path) for path in paths}
        for place, algorithm in enumerate(ALGORITHMS):
            lines = (f"{found[place]}  {name}\n" for name, found in digests.items())
            text = "".join(lines)
            (self._partial / f"{kind}-{algorithm}.txt").write_text(text, encoding="utf-8")


def digest(path: Path) -> tuple[str, ...]:
    """Return a file's digest by each of `ALGORITHMS`, in hexadecimal."""
    found = [hashlib.new(algorithm) for algorithm in ALGORITHMS]
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            for one in found:
                one.update(chunk)
    return tuple(one.hexdigest() for one in found)


def files(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder that is no folder itself, links included, none followed.

    Raises `ConfigurationError` for folders nested deeper than `DEEPEST`.
    """
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop()
        if depth > DEEPEST:
            raise ConfigurationError(f"{folder}: folders more than {DEEPEST} deep, no bag of ours")
        for path in place.iterdir():
            if path.is_dir() and not path.is_symlink():
                waiting.append((path, depth + 1))
            else:
                yield path
