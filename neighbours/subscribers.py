"""Whom our signals are sent to: a TOML file, since their addresses may hold credentials."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from runtime.secrets import require_private
from schemas.errors import ConfigurationError
from schemas.signals import Tlp
from schemas.strict import KEY

MAX_FILE_BYTES = 256 * 1024
_LOCAL = ("127.0.0.1", "::1", "localhost")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Subscriber(_Strict):
    """A neighbour that is told."""

    name: Annotated[str, Field(pattern=KEY)]
    url: SecretStr
    """Where signals are posted: https://, or http:// to this machine."""
    clearance: Tlp = "green"
    """The strictest marking that it may be told."""
    form: Literal["signal", "stix"] = "signal"
    """The signed record itself, or a STIX 2.1 bundle."""

    @field_validator("url")
    @classmethod
    def _secured(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        local = parts.scheme == "http" and parts.hostname in _LOCAL
        if not parts.hostname or not (parts.scheme == "https" or local):
            raise ValueError("must begin with https://, or http:// for this machine")
        return url


class _File(_Strict):
    subscribers: Annotated[tuple[Subscriber, ...], Field(max_length=64)] = ()

    @field_validator("subscribers")
    @classmethod
    def _apart(cls, found: tuple[Subscriber, ...]) -> tuple[Subscriber, ...]:
        if len({one.name for one in found}) < len(found):
            raise ValueError("two have the same name")
        return found


def load(path: Path) -> tuple[Subscriber, ...]:
    """Read the subscribers. Raises `ConfigurationError` naming file and field."""
    require_private(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise ConfigurationError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes")
        return _File.model_validate(tomllib.loads(data.decode())).subscribers
    except (OSError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except ValidationError as error:
        told = (
            f"{path}: {'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError("\n".join(told)) from error
