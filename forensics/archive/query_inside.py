"""What runs in the confined process: `python -m forensics.archive.query_inside PARENT`.

It confines itself to reading the archive's folder, then answers one question.
"""

import decimal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from runtime.confinement.inside import confine, end_with_parent, take_pipes
from runtime.confinement.outside import read_frame, write_frame
from schemas.errors import ConfigurationError
from schemas.units import SAFE_INTEGER

_LIMITS = (Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))
"""DuckDB looks there for what it may take, and does not begin without."""

_FIXED = (
    "SET temp_directory = ''",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Run one SELECT; whatever goes wrong is said, not raised."""
    folder = Path(question["folder"])
    try:
        confine(question["path"], readable=(folder, *_LIMITS), memory=question["memory"])
        connection = duckdb.connect(":memory:", config={"threads": 1})
        connection.execute(f"SET memory_limit = '{question['memory'] // 2} B'")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET allowed_directories = ?", [[f"{folder / 'data'}/"]])
        for setting in _FIXED:
            connection.execute(setting)
        for view in question["views"]:
            connection.execute(view)
        return selected(connection, question["statement"], question["rows"])
    except (duckdb.Error, ConfigurationError) as error:
        return {"error": str(error)[:4000]}
    except MemoryError:
        return {"error": "it takes more memory than it may; see --memory"}


def selected(connection: duckdb.DuckDBPyConnection, text: str, rows: int) -> dict[str, Any]:
    """Answer one SELECT with at most so many rows; anything else is refused in words."""
    statements = connection.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        return {"error": "one SELECT is answered, and nothing else"}
    cursor = connection.execute(statements[0])
    found = cursor.fetchmany(rows + 1)
    return {
        "columns": [column[0] for column in cursor.description or ()],
        "rows": [[plain(value) for value in row] for row in found[:rows]],
        "more": len(found) > rows,
    }


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it and every reader reads it: large integers, decimals and
    times as text, bytes in hexadecimal."""
    simple: dict[type, Callable[[Any], Any]] = {
        bytes: lambda held: "0x" + held.hex(),
        decimal.Decimal: str,
        datetime: lambda held: held.isoformat().replace("+00:00", "Z"),
        list: lambda held: [plain(item) for item in held],
        tuple: lambda held: [plain(item) for item in held],
        dict: lambda held: {str(key): plain(item) for key, item in held.items()},
    }
    if isinstance(value, int) and abs(value) > SAFE_INTEGER:
        return str(value)
    if value is None or isinstance(value, str | int | float):
        return value
    return simple.get(type(value), str)(value)


def main() -> None:
    """Answer until there are no more questions."""
    end_with_parent(int(sys.argv[1]))
    questions, answers = take_pipes()
    question = read_frame(questions)
    if question is not None:
        write_frame(answers, orjson.dumps(answer(orjson.loads(question))))


if __name__ == "__main__":
    main()
