"""Logs: one JSON object a line on standard error, or readable lines on a terminal.

Secrets are masked whoever logs them: every secret that was set or read from a file, wherever it
stands; a value by its name, at any depth; and an address, because a node's path or password is its
owner's key.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import structlog

MASK = "********"

Format = Literal["json", "text"]
Event = MutableMapping[str, Any]
"""A line before it is written, by field."""

KAFKA_LIBRARY = "librdkafka"
"""The standard library's logger through which librdkafka speaks."""

_SECRET_NAME = re.compile(
    r"password|passphrase|secret|private|mnemonic|credential|authorization|bearer|sasl"
    r"|api.?key|key.?pem|(access|auth|refresh|session|security).?token",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>()\[\]{},;]+", re.IGNORECASE)
_PATH = re.compile(r"(\burl: )/[^\s'\")]+", re.IGNORECASE)
"""How urllib3 names the part of an address that it asked for."""

_ASSIGNED = re.compile(
    r"([\w.-]*(?:password|passphrase|secret)[\w.-]*['\"]?\s*[=:]\s*['\"]?)[^\s'\",;}]+",
    re.IGNORECASE,
)


_SHORTEST_SECRET = 8
"""A shorter one would mask ordinary words, and is none."""

_concealed: set[str] = set()


def conceal(secret: str) -> None:
    """Mask this secret in all that this process will ever say, quoted and escaped as well."""
    if len(secret) >= _SHORTEST_SECRET:
        _concealed.update({secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret)})


def looks_secret(name: str) -> bool:
    """Say whether a setting or field of this name must never be shown.

    A bare `token` is none: here it is an asset.
    """
    return _SECRET_NAME.search(name) is not None


def without_credentials(address: str) -> str:
    """Return a node's address without what may be a key: user, password, path and query."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return MASK
    if not parts.netloc:
        return address
    hidden = "/…" if parts.path.strip("/") or parts.query or parts.fragment else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{hidden}"


def redacted(text: str) -> str:
    """Return a text, an exception's say, without its secrets."""
    for secret in sorted(_concealed, key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = _ADDRESS.sub(lambda found: without_credentials(found[0]), text)
    return _ASSIGNED.sub(rf"\g<1>{MASK}", _PATH.sub(r"\1/…", text))


def masked(value: Any) -> Any:
    """Return what may be logged of a value, however deep its secrets lie."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {k: MASK if looks_secret(str(k)) else masked(v) for k, v in value.items()}
    if isinstance(value, BaseException):
        return redacted(f"{type(value).__name__}: {value}")
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item) for item in value]
    return value if value is None or isinstance(value, int | float) else redacted(repr(value))


def _mask(_logger: Any, _method: str, event: Event) -> Event:
    event.update(masked(event))
    return event


class Forwarding(logging.Handler):
    """Hands what a library logs through the standard library to our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log it as ours, under the name of the logger that said it."""
        details: dict[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        logger(record.name).log(record.levelno, record.getMessage(), **details)


def configure(service: str, level: str = "INFO", style: Format = "json") -> None:
    """Set up logging for this process; every line of every thread names the service."""

    def name(_logger: Any, _method: str, event: Event) -> Event:
        event["service"] = service
        return event

    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            name,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    kafka = logging.getLogger(KAFKA_LIBRARY)
    kafka.handlers, kafka.propagate = [Forwarding()], False


def logger(name: str) -> Any:
    """Return a logger bound to a module's name."""
    return structlog.get_logger(module=name)
