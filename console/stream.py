"""Tells browsers which parts of their pages changed: server-sent events, coalesced.

However much arrives, a browser hears at most one event a second, which names regions and holds no
data: it asks for those that it shows. So hundreds of alerts a second cost what one does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import orjson

from runtime.metrics import Metrics

EVERY = 1.0
"""Seconds between two events to one browser, at least."""

BEAT = 10.0
"""Seconds between two events, at most: a browser that hears nothing for longer says so."""

MOST_STREAMS = 500
MOST_OF_ONE = 6
"""Streams of one session: a few tabs."""

_MOST_NAMES = 50


class Ear:
    """What one browser has not heard yet."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()
        self._ring = asyncio.Event()

    def tell(self, regions: frozenset[str]) -> None:
        """Add changed regions to what it hears next."""
        self._waiting |= regions
        self._ring.set()

    async def listen(self, seconds: float) -> list[str]:
        """Return what changed, waiting up to so many seconds for it. Of very many cases only that
        some changed is said."""
        try:
            async with asyncio.timeout(seconds):
                await self._ring.wait()
        except TimeoutError:
            return []
        regions, self._waiting = self._waiting, set()
        self._ring.clear()
        if len(regions) > _MOST_NAMES:
            regions = {name for name in regions if ":" not in name} | {"*"}
        return sorted(regions)


class Stream:
    """All browsers that listen."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._ears: set[Ear] = set()
        self._ended = False

    @property
    def full(self) -> bool:
        """Whether nobody more can listen."""
        return len(self._ears) >= MOST_STREAMS

    def tell(self, regions: frozenset[str]) -> None:
        """Tell everybody what changed."""
        for ear in self._ears:
            ear.tell(regions)

    def end(self) -> None:
        """Send everybody away, who will come back to whoever serves then."""
        self._ended = True
        self.tell(frozenset())

    async def events(self, over: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Yield one browser's events until `over` says that its session has ended."""
        ear = Ear()
        self._ears.add(ear)
        self._metrics.console_streams.set(len(self._ears))
        try:
            yield b"retry: 2000\n\n"
            while not (self._ended or over()):
                regions = await ear.listen(BEAT)
                yield b"event: changed\ndata: %s\n\n" % orjson.dumps(regions)
                if regions:
                    await asyncio.sleep(EVERY)
            if not self._ended:
                yield b"event: over\ndata: []\n\n"
        finally:
            self._ears.discard(ear)
            self._metrics.console_streams.set(len(self._ears))
