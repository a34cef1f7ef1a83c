"""SQL over the archive, asked in a process that can compute and read the archive, and nothing else.

Whoever writes the SQL is a stranger: DuckDB runs confined (`runtime.confinement`), so a statement
reaches no network and no other file, changes nothing, and is ended when it takes more memory, more
CPU time or a longer answer than it may. Within, DuckDB itself is told the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from forensics.archive.register import Register, require_archive
from runtime.broker import Partition
from runtime.confinement.outside import ConfinedProcess, OutOfBoundsError, modules_path
from schemas.errors import PipelineError
from schemas.topics import TOPICS

MOST_ANSWER_BYTES = 16 * 1024 * 1024
LONGEST_STATEMENT = 64 * 1024

_COLUMNS = {
    "partition": "INTEGER",
    "offset": "BIGINT",
    "time": "TIMESTAMPTZ",
    "day": "DATE",
    "chain": "VARCHAR",
    "kind": "VARCHAR",
    "id": "VARCHAR",
    "event_time": "TIMESTAMPTZ",
    "protocol": "VARCHAR",
    "block": "BIGINT",
    "tx": "VARCHAR",
    "fault": "VARCHAR",
    "key": "BLOB",
    "value": "BLOB",
    "header_names": "VARCHAR[]",
    "header_values": "BLOB[]",
    "record": "JSON",
}
"""What a view shows; `record` is the value as JSON, where it could be read."""


class QueryError(PipelineError):
    """The statement cannot be answered: change it, or allow it more."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one statement may take."""

    rows: int = 1000
    seconds: float = 30.0
    """Of CPU time."""
    memory: int = 1024 * 1024 * 1024
    """Bytes beside those of the program itself."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a statement found."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool
    """Whether there are more rows than were asked for."""


def ask(root: Path, statement: str, bounds: Bounds) -> Found:
    """Answer one SELECT over the views: one for each topic, `alerts_v1` for `alerts-v1`.

    Raises `QueryError` for a statement that is none, that fails or that takes more than `bounds`;
    `ConfigurationError` where there is no archive, or the machine cannot confine a process.
    """
    require_archive(root)
    if len(statement) > LONGEST_STATEMENT:
        raise QueryError(f"{len(statement):,} characters, at most {LONGEST_STATEMENT:,}")
    question = {
        "path": list(modules_path()),
        "folder": str(root.absolute()),
        "views": list(views(Register(root.absolute()))),
        "statement": statement,
        "rows": bounds.rows,
        "memory": bounds.memory,
    }
    process = ConfinedProcess("forensics.archive.query_inside")
    try:
        answer = process.ask(orjson.dumps(question), bounds.seconds, MOST_ANSWER_BYTES)
    except OutOfBoundsError as error:
        raise QueryError(_advice(error)) from error
    finally:
        process.end()
    found = orjson.loads(answer)
    if "error" in found:
        raise QueryError(found["error"])
    return Found(
        tuple(found["columns"]), tuple(tuple(row) for row in found["rows"]), more=found["more"]
    )


def _advice(error: OutOfBoundsError) -> str:
    return {
        "time": f"{error}: narrow it, by day for instance, or allow more with --seconds",
        "size": f"{error}: name the columns that you want, or ask for fewer rows",
    }.get(error.why, f"{error}: it most likely took more memory than it may; see --memory")


def views(register: Register) -> Iterator[str]:
    """Yield what makes a view of each topic; one that there is nothing of is empty."""
    known = set(register.topics())
    for topic in TOPICS:
        files = [
            str(register.root / file.path)
            for number in (register.partitions(topic) if topic in known else ())
            for entry in register.entries(Partition(topic, number))
            for file in entry.files
        ]
        yield f'CREATE VIEW "{view_of(topic)}" AS {_selected(files)}'


def view_of(topic: str) -> str:
    """Return the name under which SQL knows a topic."""
    return topic.replace("-", "_")


def _selected(files: list[str]) -> str:
    if not files:
        nothing = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in _COLUMNS.items())
        return f"SELECT {nothing} WHERE false"
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    shown = ", ".join(f'"{name}"' for name in _COLUMNS if name != "record")
    return (
        f"SELECT {shown}, CASE WHEN fault IS NULL THEN decode(value)::JSON END AS record "  # noqa: S608 - our own names, and paths that were quoted
        f"FROM read_parquet([{listed}], hive_partitioning = true, hive_types = "
        "{'day': DATE, 'chain': VARCHAR, 'topic': VARCHAR})"
    )
