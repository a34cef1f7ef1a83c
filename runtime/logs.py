"""Logs: one JSON object a line on standard error, or readable lines on a terminal.

Values that look like secrets are masked by name, whoever logs them.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog

_SECRET = ("password", "secret", "private", "passphrase", "sasl", "token", "mnemonic")
MASK = "********"

Format = Literal["json", "text"]


def looks_secret(name: str) -> bool:
    """Say whether a setting or field of this name must never be shown."""
    lowered = name.lower()
    return any(word in lowered for word in _SECRET)


def without_credentials(address: str) -> str:
    """Return a node's address without what may be a key: user, password, path and query."""
    parts = urlsplit(address)
    if not parts.netloc:
        return address
    port = f":{parts.port}" if parts.port else ""
    hidden = "/…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{parts.hostname}{port}{hidden}"


def _mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event:
        if looks_secret(name):
            event[name] = MASK
    return event


def configure(service: str, level: str = "INFO", style: Format = "json") -> None:
    """Set up logging for this process; every line names the service."""
    structlog.contextvars.bind_contextvars(service=service)
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
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


def logger(name: str) -> Any:
    """Return a logger bound to a module's name."""
    return structlog.get_logger(module=name)
