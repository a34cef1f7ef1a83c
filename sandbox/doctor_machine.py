"""Examines the machine: its programs, its room, and what was fetched."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from runtime.settings import Settings
from sandbox import fetch, fetch_java, fetch_npm
from sandbox.finding import Finding

OLDEST_PYTHON = (3, 11)

ROOM = 1_000_000_000
"""Bytes: what the commands fetch takes up to 250 MB, the rest is for Kafka's data."""

_PING_SECONDS = 20

_NPM_ERRORS = ("npm error", "npm ERR!")
"""How lines that matter begin, in new and in old versions."""

_FETCH = "firebreak fetch"


def machine(settings: Settings) -> Iterator[Finding]:
    """Look at programs, room and cache; ask for the network only if something is still to fetch."""
    missing = fetch.missing(settings.cache)
    yield python()
    yield virtual_environment()
    yield java(settings.cache)
    yield program("mvn", "Maven", "maven", needed="Apache Kafka" in missing)
    yield program("npm", "npm", "npm", needed=any(name != "Apache Kafka" for name in missing))
    yield program("node", "Node.js", "nodejs", needed=bool(missing))
    yield cache(settings.cache, missing)
    if missing:
        yield network()
    for what, folder in (("cache", settings.cache), ("state", settings.home)):
        yield room(what, folder)


def python() -> Finding:
    """Look at the interpreter."""
    version = platform.python_version()
    if sys.version_info >= OLDEST_PYTHON:
        return Finding.good("Python", version)
    return Finding.bad("Python", f"{version} is older than 3.11", "sudo apt-get install python3")


def virtual_environment() -> Finding:
    """Look whether the locked packages are kept apart from the machine's."""
    if sys.prefix != sys.base_prefix:
        return Finding.good("environment", sys.prefix)
    return Finding.bad(
        "environment",
        "not in a virtual environment, so the packages may not be the locked ones",
        "run ./setup in the clone, then .venv/bin/firebreak",
    )


def java(cache: Path) -> Finding:
    """Look for a Java that runs Kafka."""
    found = fetch_java.machine_java()
    if found is not None:
        return Finding.good("Java", str(found))
    if fetch_java.jre_folder(cache).is_dir():
        return Finding.good("Java", "none installed; the fetched runtime is used")
    return Finding.bad(
        "Java",
        f"no Java {fetch_java.OLDEST} or newer on PATH or at JAVA_HOME, so Kafka cannot run here",
        f"sudo apt-get install openjdk-17-jre-headless, or get a runtime of 104 MB: {_FETCH}",
    )


def program(name: str, title: str, package: str, *, needed: bool) -> Finding:
    """Look for a program that fetching needs."""
    found = shutil.which(name)
    if found is not None:
        return Finding.good(title, found)
    if not needed:
        return Finding.good(title, "not installed, and not needed: all is fetched")
    return Finding.bad(
        title,
        f"{name} is not on PATH, but something is still to fetch with it",
        f"sudo apt-get install {package}",
    )


def cache(folder: Path, missing: list[str]) -> Finding:
    """Look whether everything has been fetched."""
    if not missing:
        return Finding.good("cache", f"complete: {folder}")
    return Finding.bad("cache", f"{folder} has no {', '.join(missing)}", _FETCH)


def network() -> Finding:
    """Ask the npm client for something small; it knows this machine's registry and proxy."""
    name, pin = next(iter(fetch_npm.pins().items()))
    npm = shutil.which("npm")
    if npm is None:
        return Finding.bad("network", "cannot tell without npm", "sudo apt-get install npm")
    said = [f"no answer in {_PING_SECONDS} s"]
    with TemporaryDirectory() as empty, suppress(subprocess.TimeoutExpired):
        # With npm's own cache it might answer without asking anybody.
        question = ["view", f"{name}@{pin['version']}", "version"]
        asked = subprocess.run(  # noqa: S603 - a fixed command of ours, no shell
            [npm, *question, "--fetch-retries=0", "--cache", empty],
            capture_output=True,
            check=False,
            text=True,
            timeout=_PING_SECONDS,
        )
        if asked.returncode == 0:
            return Finding.good("network", "the npm registry answers")
        said = [line for line in asked.stderr.splitlines() if line.startswith(_NPM_ERRORS)]
    return Finding.bad(
        "network",
        f"the npm registry does not answer: {said[0] if said else 'npm does not say why'}",
        "check the connection, the proxy (HTTPS_PROXY) and npm's settings (npm config list), then: "
        + _FETCH,
    )


def room(what: str, folder: Path) -> Finding:
    """Look how much fits on the disk of a folder, which need not exist yet."""
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(place).free
    title = f"room for the {what}"
    if free >= ROOM:
        return Finding.good(title, f"{free / 1e9:.1f} GB free at {folder}")
    return Finding.bad(
        title,
        f"{free / 1e9:.2f} GB free at {folder}, {ROOM / 1e9:g} GB are needed",
        f"make room there, or let FIREBREAK_{'CACHE' if what == 'cache' else 'HOME'} name another "
        "folder",
    )
