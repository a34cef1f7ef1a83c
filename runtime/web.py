"""Serves a web application in a thread beside a service's work, with bounds on what a client costs.

Who asks is who connected: what a client says of proxies is not believed. Signals of the operating
system are the service's: uvicorn takes them only in the main thread.
"""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from schemas.errors import ConfigurationError

_START_SECONDS = 10.0
_MOST_OF_HEADERS = 16 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where to answer; port 0 leaves it to the system."""

    host: str
    port: int
    setting: str
    """What gives the port, for who has to choose another."""
    certificate: Path | None = None
    """Answer with TLS, under this certificate."""
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What clients may cost."""

    connections: int = 64
    """At a time; more are told 503."""
    idle_seconds: int = 5
    """How long a connection may say nothing."""
    ending_seconds: int = 5
    """What open answers get at the end."""
    life_seconds: float | None = None
    """A connection's whole life, whatever it is doing: whoever has more to say connects again."""


@contextmanager
def serving(app: ASGIApp, place: Place, bounds: Bounds = Bounds()) -> Iterator[int]:
    """Answer until this is left; give the port.

    Raises `ConfigurationError` naming the setting when the address cannot be had, or the
    certificate cannot be read.
    """
    life = bounds.life_seconds
    config = uvicorn.Config(
        app,
        http="h11" if life is None else _mortal(life),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=bounds.connections,
        timeout_keep_alive=bounds.idle_seconds,
        timeout_graceful_shutdown=bounds.ending_seconds,
        h11_max_incomplete_event_size=_MOST_OF_HEADERS,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.key,
    )
    try:
        config.load()
    except OSError as error:
        raise ConfigurationError(
            f"{place.setting}: the certificate or its key cannot be read: {error}"
        ) from error
    with bound(place) as taken:
        server = Server(config)
        thread = threading.Thread(target=server.run, args=([taken],), name="web", daemon=True)
        thread.start()
        try:
            if not server.up.wait(_START_SECONDS):
                raise ConfigurationError(f"{place.setting}: the web server does not start")
            yield taken.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def bound(place: Place) -> socket.socket:
    """Return a socket that listens there.

    Raises `ConfigurationError` naming the setting when the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family)
    except OSError as error:
        raise ConfigurationError(
            f"{place.setting}: cannot answer at {place.host}:{place.port} "
            f"({os.strerror(error.errno) if error.errno else error}); choose another"
        ) from error


class Server(uvicorn.Server):
    """Says when it answers, and leaves no connection open when it ends."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for open answers as long as the configuration says, then cut what is left."""
        await super().shutdown(sockets)
        for connection in tuple(self.server_state.connections):  # of answers that had no end
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)


def _mortal(seconds: float) -> type[H11Protocol]:
    """Return a protocol that ends every connection after so long."""

    class Mortal(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._end = self.loop.call_later(seconds, transport.abort)

        def connection_lost(self, exc: Exception | None) -> None:
            self._end.cancel()
            super().connection_lost(exc)

    return Mortal
