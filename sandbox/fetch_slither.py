"""Slither, which reads Solidity for `firebreak assure`: the machine's own, else one of the cache's.

It is a program of its own (AGPL-3.0), with another web3 than ours: nothing of it is imported, and
it is in no lock file but `pins/requirements-slither.lock`. `make slither` installs it.
"""

import re
import shutil
import sys
from pathlib import Path

from runtime.settings import load
from sandbox import tools
from sandbox.store import Report, once
from schemas.errors import ConfigurationError, PipelineError

_LOCK = Path(__file__).parent / "pins" / "requirements-slither.lock"


def installed(cache: Path) -> Path | None:
    """Return the command, None where nobody installed it."""
    own, ours = shutil.which("slither"), _folder(cache) / "bin" / "slither"
    return Path(own) if own is not None else ours if ours.is_file() else None


def slither(cache: Path, report: Report) -> Path:
    """Return the command, installing it if needed.

    Raises `ConfigurationError` when a package is not what was pinned, `TransientError` when pip
    cannot get it.
    """
    found = installed(cache)
    if found is not None:
        return found
    folder = _folder(cache)

    def build(scratch: Path) -> Path:
        report("installing Slither with pip")
        made = scratch / "made"
        tools.fetch([sys.executable, "-m", "venv", str(made)], scratch)
        install = [str(made / "bin/python"), "-m", "pip", "install", "--no-cache-dir"]
        pinned = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(_LOCK)]
        tools.fetch([*install, *pinned], scratch)
        script = made / "bin" / "slither"
        # The folder is moved once it is whole; the interpreter is named by where it will be.
        script.write_text(re.sub(r"\A#!.*", f"#!{folder}/bin/python", script.read_text()))
        return made

    return once(folder, build) / "bin" / "slither"


def _folder(cache: Path) -> Path:
    version = re.search(r"slither-analyzer==(\S+)", _LOCK.read_text())
    if version is None:
        raise ConfigurationError(f"{_LOCK} names no version of slither-analyzer")
    return cache / f"slither-{version[1]}"


def main() -> int:
    """Install it; return an exit status."""
    try:
        found = slither(load().cache, lambda line: print(line, file=sys.stderr))  # noqa: T201
    except PipelineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(found)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
