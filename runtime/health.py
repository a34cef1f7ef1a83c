"""Whether a service is alive and ready, and its metrics, over HTTP.

`/livez` answers 200 while the service's loop turns, `/readyz` while it also does its work,
`/metrics` gives Prometheus' text format. Read-only; binds to loopback unless told otherwise.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from runtime.clock import Clock
from runtime.metrics import Metrics
from schemas.errors import ConfigurationError

STALLED_AFTER = 30.0
"""Seconds without a turn of the loop after which a service no longer counts as alive."""


PATIENCE = 10.0
"""Seconds that a client gets to say what it wants."""

_LOOK_FOR_END = 0.05
_STILL = "a turn of its loop"


class Health:
    """What a service says of itself."""

    def __init__(self, clock: Clock) -> None:
        self.lacking: Callable[[], Sequence[str]] = tuple
        """Gives what the service does its work without; told beside `ok`."""
        self._clock = clock
        self._last = clock.monotonic()
        self._waiting_for = "its first turn"

    def beat(self, waiting_for: str = "") -> None:
        """Say that the loop turned, and what keeps the service from its work, if anything does."""
        self._last = self._clock.monotonic()
        self._waiting_for = waiting_for

    def alive(self) -> bool:
        """Say whether the loop turned lately."""
        return self._clock.monotonic() - self._last < STALLED_AFTER

    def obstacle(self) -> str:
        """Return what keeps the service from its work; empty when nothing does."""
        return self._waiting_for if self.alive() else _STILL


class _Server(ThreadingMixIn, WSGIServer):
    """One thread for each request: a client that says nothing must not keep a probe waiting."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_request: Any) -> None:
        """A client that hung up or fell silent is no event of ours."""


class _Quiet(WSGIRequestHandler):
    timeout = PATIENCE

    def log_message(self, *_arguments: Any) -> None:
        """Probes arrive every few seconds; nobody wants them in the log."""


def serve(health: Health, metrics: Metrics, host: str, port: int) -> tuple[int, Callable[[], None]]:
    """Serve until the returned function is called; return the port that was taken as well.

    Port 0 takes any free one. Raises `ConfigurationError` when the address cannot be had.
    """
    metrics.ready.set_function(lambda: 0.0 if health.obstacle() else 1.0)
    exposition: Callable[..., Iterable[bytes]] = make_wsgi_app(metrics.registry)

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            return exposition(environ, start)
        if path == "/livez":
            trouble = "" if health.alive() else _STILL
        elif path == "/readyz":
            trouble = health.obstacle()
        else:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/livez, /readyz or /metrics\n"]
        start(
            "503 Service Unavailable" if trouble else "200 OK",
            [("Content-Type", "text/plain; charset=utf-8")],
        )
        if trouble:
            return [f"waiting for {trouble}\n".encode()]
        return [b"ok\n", *(f"without {part}\n".encode() for part in health.lacking())]

    try:
        server: WSGIServer = make_server(host, port, answer, _Server, _Quiet)
    except OSError as error:
        raise ConfigurationError(
            f"cannot answer probes at {host}:{port}: {error}; give another health.port, or 0 for "
            "any that is free"
        ) from error
    thread = threading.Thread(
        target=server.serve_forever, args=(_LOOK_FOR_END,), name="health", daemon=True
    )
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, stop
