"""Opening the log's database: PostgreSQL where an address is given, one SQLite file otherwise."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, SQLAlchemyError

from schemas.errors import (
    ConfigurationError,
    PipelineError,
    TransientError,
    UnsafeToContinueError,
)

VERSIONS = "record_version"
"""The table that says which migration the others are at."""

_LOCK = 0x7265636F7264
"""PostgreSQL's advisory lock: one log in each database, and one writer."""

_MIGRATIONS = Path(__file__).with_name("migrations")
_SQLITE_WAITS_MS = 30_000


def file_url(path: Path) -> str:
    """Return the address of a SQLite file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def connect(address: str) -> Engine:
    """Return the engine of a database. Nothing is asked of it yet.

    Raises `ConfigurationError` for an address of any other kind.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise ConfigurationError("forensics.database is no postgresql:// address") from error
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("postgresql+psycopg", "sqlite"):
        raise ConfigurationError(
            f"forensics.database: {url.drivername} is not known here; give postgresql://..., or "
            "nothing for a file in the home folder"
        )
    engine = create_engine(url, pool_pre_ping=url.drivername != "sqlite")
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _settle_sqlite)
    return engine


def _settle_sqlite(connection: Any, _record: Any) -> None:
    """Let readers read while the writer writes, and let nothing return before the disk has it."""
    for setting in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_SQLITE_WAITS_MS}"):
        connection.execute(f"PRAGMA {setting}")


def migrate(connection: Connection) -> None:
    """Bring the tables to where this version has them."""
    configuration = _alembic()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def require_current(engine: Engine) -> None:
    """Raise `ConfigurationError` unless there is a log, as this version keeps it."""
    path = engine.url.database
    if engine.dialect.name == "sqlite" and not (path and Path(path).is_file()):
        raise ConfigurationError(f"no log at {path}: `firebreak audit keep` makes one")
    with errors_named(engine), engine.connect() as connection:
        found = MigrationContext.configure(
            connection, opts={"version_table": VERSIONS}
        ).get_current_revision()
    if found != ScriptDirectory.from_config(_alembic()).get_current_head():
        raise ConfigurationError(
            f"no log of this version in {shown(engine)} (it is at {found}): start "
            "`firebreak audit keep` once, which brings it up to date"
        )


def _alembic() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return configuration


@contextmanager
def sole_writer(engine: Engine) -> Iterator[Connection]:
    """Give the one connection that writes; whoever dies lets go of it.

    Raises `ConfigurationError` while another process has it.
    """
    if engine.dialect.name == "sqlite":
        with _locked(Path(f"{engine.url.database}.lock")), engine.connect() as connection:
            yield connection
        return
    with errors_named(engine), engine.connect() as connection:
        taken = connection.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})"))
        connection.commit()
        if not taken:
            raise _taken(shown(engine))
        yield connection  # the session holds the lock: it is never given back to the pool in use
        connection.rollback()
        connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))
        connection.commit()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _taken(str(path)) from error
        yield
    finally:
        os.close(handle)


def _taken(where: str) -> ConfigurationError:
    return ConfigurationError(f"{where}: another process keeps this log; a log has one writer")


@contextmanager
def errors_named(engine: Engine) -> Iterator[None]:
    """Raise what the database refuses as what to do next."""
    try:
        yield
    except PipelineError:
        raise
    except IntegrityError as error:
        raise UnsafeToContinueError(
            f"{shown(engine)} holds something else in this place: {error.orig}"
        ) from error
    except OperationalError as error:
        raise TransientError(f"{shown(engine)} does not answer: {error.orig}") from error
    except SQLAlchemyError as error:
        raise UnsafeToContinueError(f"{shown(engine)}: {error}") from error


def shown(engine: Engine) -> str:
    """Return the database's address without its password."""
    return engine.url.render_as_string(hide_password=True)
