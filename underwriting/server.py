"""Serves an application over HTTP in a thread, with bounds on what a client may cost."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from runtime.logs import logger
from schemas.errors import ConfigurationError

_log = logger(__name__)

MOST_AT_A_TIME = 64
"""Connections that are answered; more are told 503."""

PATIENCE = 10
"""Seconds a connection may stay idle, and that open answers get at the end."""


@contextmanager
def serving(application: Starlette, host: str, port: int) -> Iterator[int]:
    """Serve until this is left; yield the port, which 0 leaves to the system.

    Raises `ConfigurationError` when the address cannot be had.
    """
    try:
        place = socket.create_server((host, port))
    except OSError as error:
        raise ConfigurationError(
            f"cannot serve records at {host}:{port}: {error}; give another risk.web_port"
        ) from error
    found = place.getsockname()[1]
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who asks is who connected
        server_header=False,
        limit_concurrency=MOST_AT_A_TIME,
        timeout_keep_alive=PATIENCE,
        timeout_graceful_shutdown=PATIENCE,
        h11_max_incomplete_event_size=16 * 1024,
        http="h11",
        ws="none",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    # signals are the service's: uvicorn takes them only in the main thread
    thread = threading.Thread(target=server.run, args=([place],), name="web", daemon=True)
    thread.start()
    _log.info("serving", web=f"{host}:{found}")
    try:
        yield found
    finally:
        server.should_exit = True
        thread.join(PATIENCE + 5)
        place.close()
