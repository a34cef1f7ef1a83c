"""The settings for a person's eyes: each with its value and where that comes from."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr

from runtime.logs import MASK, looks_secret, without_credentials
from runtime.settings import Settings
from runtime.settings_sources import origin


class Shown(NamedTuple):
    """One setting; its secrets are masked."""

    name: str
    value: str
    origin: str


def shown(settings: Settings, flags: Mapping[str, Any]) -> Iterator[Shown]:
    """Return every setting, in the order of their declaration."""
    yield from _shown(settings, (), flags)


def _shown(group: BaseModel, path: tuple[str, ...], flags: Mapping[str, Any]) -> Iterator[Shown]:
    for name in type(group).model_fields:
        value, here = getattr(group, name), (*path, name)
        if isinstance(value, BaseModel):
            yield from _shown(value, here, flags)
        else:
            yield Shown(".".join(here), _text(value), origin(here, flags))


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, dict):
        pairs = (f"{k}={MASK if looks_secret(k) else _text(v)}" for k, v in value.items())
        return ", ".join(pairs) or "none"
    if isinstance(value, tuple):
        return ", ".join(without_credentials(str(one)) for one in value) or "none"
    return str(value)
