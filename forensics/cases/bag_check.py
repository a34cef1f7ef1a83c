"""Whether a bag is whole: every file that was packed is there as it was, and no other.

Bounds: a manifest has at most 64 MB and 400,000 lines, and names nothing outside of the bag.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from forensics.cases.bag import ALGORITHMS, DECLARATION, TIMESTAMP, digest, files
from schemas.errors import ConfigurationError

MAX_MANIFEST_BYTES = 64 * 2**20
MAX_LINES = 400_000

_LINE = re.compile(r"([0-9a-f]{64}|[0-9a-f]{128})[ \t]+(\S.*)")
_TAGS = ("bagit.txt", "bag-info.txt", *(f"manifest-{name}.txt" for name in ALGORITHMS))
_TAG_MANIFESTS = tuple(f"tagmanifest-{name}.txt" for name in ALGORITHMS)


def faults(folder: Path) -> list[str]:
    """Name every file that is changed, missing or additional; empty for a sound bag.

    Raises `ConfigurationError` when the folder is no bag of ours at all.
    """
    if not folder.is_dir() or not (folder / "bagit.txt").is_file():
        raise ConfigurationError(f"{folder}: no BagIt folder; give the one that was collected")
    # Whoever made the folder chose the names: none of them writes to a terminal what it likes.
    told = (line if line.isprintable() else ascii(line) for line in _faults(folder))
    found = list(dict.fromkeys(told))
    if not found and (folder / "bagit.txt").read_bytes() != DECLARATION:
        found.append("bagit.txt: not a BagIt 1.0 declaration")
    return found


def _faults(folder: Path) -> Iterator[str]:
    there = {path.relative_to(folder).as_posix(): path for path in files(folder)}
    known = {name for name in there if not name.startswith("data/")}
    for name in sorted(known - {*_TAGS, *_TAG_MANIFESTS, TIMESTAMP}):
        yield f"{name}: additional"
    for name in (*_TAGS, *_TAG_MANIFESTS):
        if name not in there:
            yield f"{name}: missing"
    payload = {name for name in there if name.startswith("data/")}
    yield from _against("manifest", folder, there, payload)
    yield from _against("tagmanifest", folder, there, set(_TAGS))


def _against(
    kind: str, folder: Path, there: Mapping[str, Path], expected: set[str]
) -> Iterator[str]:
    """Compare files with the manifests of one kind; `expected` must be in each of them."""
    listed: list[dict[str, str]] = []
    for algorithm in ALGORITHMS:
        manifest = folder / f"{kind}-{algorithm}.txt"
        entries: dict[str, str] = {}
        if manifest.is_file() and not manifest.is_symlink():
            try:
                entries = _entries(manifest)
            except ValueError as error:
                yield f"{manifest.name}: {error}"
        listed.append(entries)
    names = expected.union(*listed)
    for name in sorted(names):
        path = there.get(name)
        if path is None:
            yield f"{name}: missing"
        elif path.is_symlink() or not path.is_file():
            yield f"{name}: not a plain file"
        elif any(name not in entries for entries in listed):
            yield f"{name}: additional"
        elif digest(path) != tuple(entries[name] for entries in listed):
            yield f"{name}: changed"


def _entries(manifest: Path) -> dict[str, str]:
    if manifest.stat().st_size > MAX_MANIFEST_BYTES:
        raise ValueError(f"larger than {MAX_MANIFEST_BYTES:,} bytes")
    found: dict[str, str] = {}
    # Line by line: what is bounded in bytes may have as many lines as bytes.
    with manifest.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if number > MAX_LINES:
                raise ValueError(f"more than {MAX_LINES:,} lines")
            name, digest_of_it = _entry(line.rstrip("\n"), number)
            if name in found:
                raise ValueError(f"line {number} names {name[:90]} again")
            found[name] = digest_of_it
    return found


def _entry(line: str, number: int) -> tuple[str, str]:
    if not line.strip():
        raise ValueError(f"line {number} is empty")
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"line {number} is not a digest and a path")
    name = match[2]
    if name.startswith(("/", "~")) or ".." in Path(name).parts:
        raise ValueError(f"line {number} names something outside of the bag")
    return name, match[1]
