"""Packages from the machine's npm registry: contract packages, and anvil.

Pinned by version and integrity in `pins/npm.json`. A package is unpacked, never installed: none of
its scripts runs.
"""

import base64
import hashlib
import json
import os
import platform
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NotRequired, TypedDict

from sandbox import tools
from sandbox.store import Report, once
from schemas.errors import ConfigurationError

_PINS = Path(__file__).parent / "pins" / "npm.json"

_NPM = "Install it (Debian: sudo apt-get install npm)."

_RETRIES = ("--fetch-retries=3", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
"""Without these a machine that has no network learns it after a minute."""

_ANVIL = "@foundry-rs/anvil-"
"""What the names of the packages with anvil begin with; system and machine follow."""

_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class Pin(TypedDict):
    """Which package may be fetched, and what of it is wanted."""

    version: str
    integrity: str
    package: NotRequired[str]
    """Its name in the registry, where another version of it has that name here."""
    setup: NotRequired[bool]
    """False: fetched only by whoever makes an excerpt of it."""
    keep: NotRequired[list[str]]
    """The folders and files to unpack; all of them when it does not say."""


def pins() -> dict[str, Pin]:
    """Return what may be fetched, by the packages' names."""
    found: dict[str, Pin] = json.loads(_PINS.read_text())
    return found


def contract_packages() -> list[str]:
    """Return the pinned packages that every machine needs, whatever it is."""
    return [
        name
        for name, pin in pins().items()
        if not name.startswith(_ANVIL) and pin.get("setup", True)
    ]


def folder_of(cache: Path, name: str) -> Path:
    """Return where the pinned version of a package is kept; another one for what is kept of it.

    Raises `ConfigurationError` when the package is not pinned.
    """
    pin = pins().get(name)
    if pin is None:
        raise ConfigurationError(f"npm package {name} is not pinned; add it to {_PINS}")
    kept = hashlib.sha256("\n".join(pin["keep"]).encode()).hexdigest()[:8] if "keep" in pin else ""
    parts = (name.removeprefix("@").replace("/", "-"), pin["version"], kept)
    return cache / "npm" / "-".join(filter(None, parts))


def npm_package(cache: Path, name: str, report: Report) -> Path:
    """Return the folder of an unpacked package, fetching it the first time.

    Raises `ConfigurationError` when the package is not pinned, is not what was pinned, or npm is
    missing; `TransientError` when npm cannot get it.
    """
    target = folder_of(cache, name)

    def build(scratch: Path) -> Path:
        pin = pins()[name]
        npm = tools.find("npm", _NPM)
        report(f"{name} {pin['version']}: fetching with npm")
        wanted = f"{pin.get('package', name)}@{pin['version']}"
        pack = [npm, "pack", wanted, "--ignore-scripts"]
        tools.fetch([*pack, *_RETRIES, "--cache", str(scratch / "npm-cache")], scratch)
        archive = next(scratch.glob("*.tgz"))
        check_integrity(archive, pin["integrity"])
        unpack(archive, scratch / "package", pin.get("keep"))
        return scratch / "package"

    return once(target, build)


def check_integrity(archive: Path, expected: str) -> None:
    """Compare a file with its integrity, `ALGORITHM-BASE64` as in a package lock.

    Raises `ConfigurationError` when it differs.
    """
    algorithm = expected.partition("-")[0]
    digest = hashlib.new(algorithm, archive.read_bytes()).digest()
    actual = f"{algorithm}-{base64.b64encode(digest).decode()}"
    if actual != expected:
        raise ConfigurationError(
            f"{archive.name} is not what was pinned and was thrown away: its integrity is "
            f"{actual}, {_PINS.name} expects {expected}. Find out what answers in the registry's "
            "place before you try again."
        )


def unpack(archive: Path, target: Path, keep: Sequence[str] | None = None) -> None:
    """Unpack the regular files of a package, without the outermost folder of its paths; with `keep`
    only what lies at or below these paths.

    Raises `ConfigurationError` on any path that would leave `target`. Links and devices, which no
    package has, are passed over.
    """
    with tarfile.open(archive) as packed:
        for member in packed:
            path = PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts:
                raise ConfigurationError(f"{archive.name} wants to write to {member.name}")
            inside = PurePosixPath(*path.parts[1:])
            wanted = keep is None or any(inside.is_relative_to(kept) for kept in keep)
            content = packed.extractfile(member) if member.isreg() and wanted else None
            if content is None:
                continue
            file = target / inside
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.read())
            file.chmod(0o755 if member.mode & 0o100 else 0o644)


def anvil_package() -> str:
    """Return the name of the package that has anvil for this machine."""
    machine = platform.machine().lower()
    return f"{_ANVIL}{platform.system().lower()}-{_MACHINES.get(machine, machine)}"


def anvil(cache: Path, report: Report) -> Path:
    """Return the anvil to run: the one `FIREBREAK_ANVIL` names, else the pinned one.

    Raises `ConfigurationError` when that names no program, or none is pinned for this machine.
    """
    given = os.environ.get("FIREBREAK_ANVIL")
    if given:
        path = Path(given).absolute()
        if not os.access(path, os.X_OK) or path.is_dir():
            raise ConfigurationError(f"FIREBREAK_ANVIL names {path}, which is no program")
        return path
    name = anvil_package()
    if name not in pins():
        raise ConfigurationError(
            f"no anvil is pinned for this machine ({name}). Install anvil yourself and let "
            "FIREBREAK_ANVIL name it."
        )
    return npm_package(cache, name, report) / "bin" / "anvil"
