"""Serving a web application beside a service's work."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from schemas.errors import ConfigurationError

_START_SECONDS = 10.0
_LOOK_EVERY = 0.02
_LIMIT = 100
"""Requests at a time; more are told to come again."""


@contextmanager
def serving(app: ASGIApp, host: str, port: int, setting: str) -> Iterator[int]:
    """Serve in a thread of its own until this is left; give the port.

    Raises `ConfigurationError` naming `setting` when the address cannot be had.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            proxy_headers=False,  # who asks is who connected
            server_header=False,
            limit_concurrency=_LIMIT,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=5,
        )
    )
    failed: list[BaseException] = []

    def run() -> None:
        try:
            server.run()
        except (OSError, SystemExit) as error:  # uvicorn exits where an address is taken
            failed.append(error)

    thread = threading.Thread(target=run, name="web")
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)
    try:
        if not server.started:
            raise ConfigurationError(f"{setting}: cannot answer at {host}:{port}; choose another")
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
