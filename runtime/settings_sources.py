"""Where settings come from, and which of the places a given one came from."""

import json
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic_settings import PydanticBaseSettingsSource

from schemas.errors import ConfigurationError

PREFIX = "FIREBREAK_"
DELIMITER = "__"
BOOTSTRAP = "KAFKA_BOOTSTRAP_SERVERS"
DEFAULT = "default"


"""A list that a variable may give as `a,b` too."""


class BootstrapSource(PydanticBaseSettingsSource):
    """`KAFKA_BOOTSTRAP_SERVERS`, the variable that every Kafka tool knows."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Answer nothing for single fields; `__call__` gives all there is."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the one setting it knows."""
        servers = os.environ.get(BOOTSTRAP)
        return {"kafka": {"bootstrap_servers": servers}} if servers else {}


def config_file() -> Path:
    """Return the settings file: `FIREBREAK_CONFIG`, or `firebreak.toml` here."""
    return Path(os.environ.get(f"{PREFIX}CONFIG") or "firebreak.toml")


def file_settings() -> dict[str, Any]:
    """Return what the settings file says; nothing when there is none and none was named.

    Raises `ConfigurationError` for one that was named and is not there, or cannot be read.
    """
    path = config_file()
    if not path.exists() and not os.environ.get(f"{PREFIX}CONFIG"):
        return {}
    try:
        return tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        raise ConfigurationError(f"{PREFIX}CONFIG names {path}, which does not exist") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 at byte {error.start}") from error
    except (OSError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def require_known_variables(groups: Collection[str]) -> None:
    """Raise `ConfigurationError` for a variable that sets something in a group there is not.

    pydantic-settings ignores such a variable, and a mistyped setting would keep its default.
    """
    for variable in sorted(os.environ):
        name = variable.upper()
        if not name.startswith(PREFIX) or DELIMITER not in name:
            continue
        group = name.removeprefix(PREFIX).split(DELIMITER)[0].lower()
        if group not in groups:
            raise ConfigurationError(
                f"{variable} sets nothing: there are no {group!r} settings, only "
                f"{', '.join(sorted(groups))}"
            )


def unreadable_variables(message: str) -> str:
    """Say which variables pydantic-settings may mean, when it only names the group."""
    group = re.search(r'field "(\w+)"', message)
    prefix = PREFIX + (group[1].upper() if group else "")
    found = [v for v in sorted(os.environ) if v.upper().startswith(prefix) and not _is_json(v)]
    return f'{" or ".join(found)}: a table is written as JSON, as in \'{{"name": "value"}}\''


def _is_json(variable: str) -> bool:
    try:
        json.loads(os.environ[variable])
    except ValueError:
        return False
    return True


def origin(path: tuple[str, ...], flags: Mapping[str, Any]) -> str:
    """Say where the value of a setting comes from: `flag`, a variable, the file, or `default`."""
    if _within(flags, path):
        return "flag"
    names = {variable.upper(): variable for variable in os.environ}
    for depth in range(len(path), 0, -1):
        variable = names.get(PREFIX + DELIMITER.join(path[:depth]).upper())
        if variable and (depth == len(path) or _within(_table(variable), path[depth:])):
            return variable
    if path == ("kafka", "bootstrap_servers") and os.environ.get(BOOTSTRAP):
        return BOOTSTRAP
    return str(config_file()) if _within(file_settings(), path) else DEFAULT


def _table(variable: str) -> Any:
    return json.loads(os.environ[variable]) if _is_json(variable) else {}


def _within(table: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(table, Mapping) or name not in table:
            return False
        table = table[name]
    return True
