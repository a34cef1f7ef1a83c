"""What listens to a pager in tests: webhooks and a mail server, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from sandbox.ports import free_port


class Webhooks(ThreadingHTTPServer):
    """Takes every POST, by path; counts every GET."""

    def __init__(self) -> None:
        self.told: dict[str, list[str]] = {}
        self.pings = 0
        ears = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                ears.told.setdefault(self.path, []).append(f"{body['title']}\n{body['message']}")
                self._answer()

            def do_GET(self) -> None:
                ears.pings += 1
                self._answer()

            def _answer(self) -> None:
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None: ...

        super().__init__(("127.0.0.1", 0), Handler)

    def of(self, channel: str) -> list[str]:
        return list(self.told.get(f"/{channel}", ()))

    def url(self, channel: str) -> str:
        return f"json://127.0.0.1:{self.server_port}/{channel}"


@contextmanager
def webhooks() -> Iterator[Webhooks]:
    with Webhooks() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Mailbox:
    """An SMTP server that keeps what it takes."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.port = free_port()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        self.mails.append(envelope.content.decode(errors="replace"))
        return "250 OK"

    @property
    def url(self) -> str:
        people = "from=pager@example.org&to=oncall@example.org"
        return f"mailto://127.0.0.1:{self.port}?{people}&mode=insecure"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
