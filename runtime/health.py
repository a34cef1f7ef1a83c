"""Whether a service is alive and ready, and its metrics, over HTTP.

`/livez` answers 200 while the service's loop turns, `/readyz` while it also does its work,
`/metrics` gives Prometheus' text format. Read-only; binds to loopback unless told otherwise.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from runtime.clock import Clock
from runtime.metrics import Metrics

STALLED_AFTER = 30.0
"""Seconds without a turn of the loop after which a service no longer counts as alive."""


class Health:
    """What a service says of itself."""

    def __init__(self, clock: Clock) -> None:
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
        return self._waiting_for if self.alive() else "the loop stands still"


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        """Probes arrive every few seconds; nobody wants them in the log."""


def serve(health: Health, metrics: Metrics, host: str, port: int) -> tuple[int, Callable[[], None]]:
    """Serve until the returned function is called; return the port that was taken as well.

    Port 0 takes any free one.
    """
    exposition: Callable[..., Iterable[bytes]] = make_wsgi_app(metrics.registry)

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            return exposition(environ, start)
        if path == "/livez":
            trouble = "" if health.alive() else "the loop stands still"
        elif path == "/readyz":
            trouble = health.obstacle()
        else:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/livez, /readyz or /metrics\n"]
        start(
            "503 Service Unavailable" if trouble else "200 OK",
            [("Content-Type", "text/plain; charset=utf-8")],
        )
        return [f"waiting for {trouble}\n".encode() if trouble else b"ok\n"]

    server: WSGIServer = make_server(host, port, answer, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, stop
