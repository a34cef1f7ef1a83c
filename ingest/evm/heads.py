"""Hears of new heads from every endpoint, by subscription where there is one, and asks besides.

A head is only a hint, so that losing one, or hearing it twice, does no harm. Each endpoint is
watched on a connection of its own: a busy request never delays an announcement, nor the other way
round, and each endpoint tells how far it is.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from ingest.evm.assemble import block_ref
from ingest.evm.endpoints import LONGEST_REST, SHORTEST_REST, Endpoint
from ingest.evm.errors import EndpointError
from runtime.clock import Clock
from runtime.logs import logger
from schemas.errors import PoisonRecordError
from schemas.operations import BlockRef

_log = logger(__name__)

POLL_SECONDS = 1.0
"""How often an endpoint without subscriptions is asked for its head."""

SILENCE_SECONDS = 5.0
"""How long a subscription may say nothing before the node is asked whether there was nothing to
say. A connection that is half open looks just like that."""

HINTS_KEPT = 256


class Hint(NamedTuple):
    """A head that an endpoint told us of, and when, in nanoseconds since 1970."""

    head: BlockRef
    received: int


class Heads:
    """Hints from all endpoints, oldest first; of too many, the oldest are dropped."""

    def __init__(self) -> None:
        self._hints: asyncio.Queue[Hint] = asyncio.Queue(HINTS_KEPT)

    def tell(self, hint: Hint) -> None:
        """Take a hint; never waits."""
        if self._hints.full():
            self._hints.get_nowait()
        self._hints.put_nowait(hint)

    async def next(self, seconds: float) -> Hint | None:
        """Wait for a hint; None when there was none in `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                return await self._hints.get()
        except TimeoutError:
            return None


class HeadWatch:
    """Listens to one endpoint and keeps its `head` up to date."""

    def __init__(
        self,
        endpoint: Endpoint,
        tell: Callable[[Hint], None],
        clock: Clock,
        unseen: Callable[[], int | None] = lambda: None,
        show: Callable[[BlockRef], None] = lambda _: None,
    ) -> None:
        """`unseen` says at which height, if any, the endpoint should `show` its block."""
        self._endpoint = endpoint
        self._tell = tell
        self._unseen = unseen
        self._show = show
        self._clock = clock
        self._connection = endpoint.connection.twin(self._announced)
        self._heard = 0

    async def run(self) -> None:
        """Watch until cancelled, through every failure of the endpoint."""
        failures = 0
        try:
            while True:
                try:
                    await (self._listen() if self._connection.can_subscribe else self._poll())
                    failures = 0
                except (EndpointError, PoisonRecordError) as error:
                    rest = min(LONGEST_REST, SHORTEST_REST * 2.0 ** min(failures, 16))
                    failures += 1
                    _log.warning("heads_lost", endpoint=self._endpoint.name, reason=str(error))
                    await asyncio.sleep(rest)
                await self._connection.close()
        finally:
            await self._connection.close()

    async def _listen(self) -> None:
        """Subscribe; return when the subscription turns out to be dead."""
        await self._connection.request("eth_subscribe", "newHeads")
        await self._ask()  # what came since the last subscription was not announced
        heard = self._heard
        while not await self._connection.ended(SILENCE_SECONDS):
            if self._heard == heard and await self._ask():
                _log.warning("silent_subscription", endpoint=self._endpoint.name)
                return
            heard = self._heard

    async def _poll(self) -> None:
        while True:
            await self._ask()
            await asyncio.sleep(POLL_SECONDS)

    async def _ask(self) -> bool:
        """Ask for the head; say whether it is one that we had not heard of."""
        header = await self._connection.request("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the method's own
        new = self._take(block_ref(header))
        height = self._unseen()
        if height is not None:
            header = await self._connection.request("eth_getBlockByNumber", hex(height), False)  # noqa: FBT003 - likewise
            self._show(block_ref(header))
        return new

    def _announced(self, header: Any) -> None:
        self._heard += 1
        try:
            self._take(block_ref(header))
        except PoisonRecordError as error:
            _log.warning("unreadable_head", endpoint=self._endpoint.name, reason=str(error))

    def _take(self, head: BlockRef) -> bool:
        new = head.number > self._endpoint.head
        self._endpoint.head = head.number
        self._tell(Hint(head, self._clock.now_ns()))
        return new
