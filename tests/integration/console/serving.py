"""The scene's console as a real server, that a browser can look at."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from console.app import build
from runtime.web import Server
from sandbox.ports import free_port
from schemas.base import Record
from schemas.codec import decode_from
from schemas.incidents import Hop
from schemas.topics import ACKNOWLEDGEMENTS, DECISIONS
from tests.unit.console.scene import Clock, Console, settings


class Running(Clock):
    """A clock that goes on from the scene's moment."""

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()

    def now_ns(self) -> int:
        return int(self.monotonic() * 1e9)

    def monotonic(self) -> float:
        return self.seconds + time.monotonic() - self._began


class Served(Console):
    """Serves as long as `serving` lasts."""

    loop: asyncio.AbstractEventLoop

    def tell(self, *records: Record, hops: Mapping[Hop, int] | None = None) -> None:
        """Let it read these, as its feed does: in the event loop, and told to everybody."""

        def take() -> None:
            changed: frozenset[str] = frozenset()
            for record in records:
                changed |= self.desk.picture.take(record, hops or {})
            self.desk.stream.tell(changed)

        self.loop.call_soon_threadsafe(take)

    def read_back(self) -> None:
        """Let it read what was published through it."""

        for spec in (DECISIONS, ACKNOWLEDGEMENTS):
            self.tell(*(decode_from(spec, one) for one in self.written(spec.name)))


@contextmanager
def serving() -> Iterator[Served]:
    """Serve the scene on this machine."""
    port = free_port()
    console = Served(settings(url=f"http://127.0.0.1:{port}"), clock=Running())

    @asynccontextmanager
    async def known() -> AsyncIterator[None]:
        console.loop = asyncio.get_running_loop()
        yield

    app = build(console.desk, known)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=2
    )
    server = Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert server.up.wait(10)
    try:
        yield console
    finally:
        console.loop.call_soon_threadsafe(console.desk.stream.end)
        server.should_exit = True
        thread.join()
