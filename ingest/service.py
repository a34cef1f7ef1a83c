"""Follows a live chain: from a node's word that there is a block to its records on the topics."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from ingest.checkpoints import Checkpoints
from ingest.evm.endpoints import Endpoint, Endpoints
from ingest.evm.heads import Heads, HeadWatch, Hint
from ingest.evm.pending import PendingPool
from ingest.evm.rehearsal import Rehearsal
from ingest.evm.source import NodeSource
from ingest.follow import Follower
from ingest.lens import Lens, Lenses
from ingest.mandate import Mandated
from ingest.office import Beginning, take_office
from ingest.outbox import Outbox, require_topics
from ingest.posture import PostureMemory
from ingest.preparation import Preparation, read_addresses
from ingest.writer import ChainWriter
from runtime.beats import Beats
from runtime.broker import Broker, Producer
from runtime.leadership import Leadership
from runtime.logs import logger
from runtime.service import Service
from runtime.settings import Settings
from schemas.errors import TransientError
from schemas.topics import CHECKPOINTS

_log = logger(__name__)

T = TypeVar("T")

TURN_SECONDS = 0.1
"""How often the service looks whether it should stop, and shows that it is alive."""

GROUP = "firebreak-ingest"
"""With the chain's name behind it, the group whose members publish it in turn."""

RETRY_SECONDS = 0.25
"""How long to wait after a node failed, or did not have what it had announced."""


class EvmService:
    """Publishes one chain until told to stop, when it is this replica's turn."""

    def __init__(
        self, settings: Settings, broker: Broker, lenses: Lenses, service: Service
    ) -> None:
        self._settings = settings
        self._broker = broker
        self._lenses = lenses
        self._service = service
        self._partitions = require_topics(broker)
        self._heads = Heads()
        self._tasks: list[asyncio.Task[None]] = []
        self._idle = "what was published before"
        self._waiting_for = "an endpoint"
        self._follows = False
        self._tell: Callable[[str], None] = lambda _obstacle: None

    def run(self) -> None:
        """Work until the service is asked to stop, then finish what is in hand.

        Raises `ConfigurationError` when the endpoints cannot be used, `UnsafeToContinueError` when
        going on could leave a hole or a double.
        """
        logging.getLogger("web3").setLevel(logging.WARNING)  # below, it tells addresses with keys
        asyncio.run(self._run())

    async def _run(self) -> None:
        evm, clock = self._settings.evm, self._service.clock
        endpoints = Endpoints(
            evm.endpoints, evm.request_seconds, evm.traces, self._service.metrics, clock
        )
        self._start(self._work(endpoints))
        try:
            while not self._service.stop.is_set() and not any(t.done() for t in self._tasks):
                obstacle = self._waiting_for or self._silence(endpoints)
                self._service.health.beat(obstacle)
                self._tell(obstacle)
                await asyncio.wait(
                    self._tasks, timeout=TURN_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            for task in self._tasks:
                task.cancel()
            ends = await asyncio.gather(*self._tasks, return_exceptions=True)
            await endpoints.close()
        for end in ends:
            if isinstance(end, Exception):
                raise end

    def _silence(self, endpoints: Endpoints) -> str:
        return endpoints.silence() if self._follows else ""

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(coroutine))

    async def _work(self, endpoints: Endpoints) -> None:
        metrics, clock = self._service.metrics, self._service.clock
        source = NodeSource(endpoints, metrics)
        await self._insist(source.latest)  # names the chain
        group = f"{GROUP}-{endpoints.chain.replace(':', '-')}"
        lead = Leadership(self._broker, group, CHECKPOINTS.name, clock)
        lead.join()
        try:
            await self._stand_by(lead, endpoints.chain)
            self._start(_end_with(lead))
            await self._publish(endpoints, source, lead)
        finally:
            metrics.leads.labels(endpoints.chain).set(0)
            await asyncio.to_thread(lead.leave)

    async def _stand_by(self, lead: Leadership, chain: str) -> None:
        """Wait until it is this replica's turn; that is what a standby is there for, so it is
        ready meanwhile."""
        self._service.metrics.leads.labels(chain).set(0)
        self._waiting_for = ""
        while not lead.here():  # noqa: ASYNC110 - it comes by another thread
            await asyncio.sleep(TURN_SECONDS / 10)
        self._service.metrics.leads.labels(chain).set(1)
        self._waiting_for = self._idle

    async def _publish(self, endpoints: Endpoints, source: NodeSource, lead: Leadership) -> None:
        metrics, clock, name = self._service.metrics, self._service.clock, endpoints.chain
        producer = self._broker.producer()
        checkpoints, outbox = Checkpoints(self._broker, producer), self._outbox(producer)
        lens = self._remembering(self._lenses.live(name), name)
        chain = Beginning(name, self._settings.finality_of(name), self._settings.evm.start)
        begin = partial(take_office, self._broker, checkpoints, outbox, chain)
        resumed = await self._insist(partial(asyncio.to_thread, begin))
        _log.info("resumed", chain=name, step=resumed.step, unconfirmed=len(resumed.steps))
        writer = ChainWriter(outbox, checkpoints, lens, resumed, metrics, clock)
        period = self._settings.health.beat_seconds
        beats = Beats(self._broker, self._service.name, f"{GROUP}-{name}", clock, period)
        self._tell = lambda obstacle: beats.tell(waiting=obstacle, wrote=outbox.wrote)
        for endpoint in endpoints.all:
            tell = partial(self._hear, endpoints, endpoint)
            unseen = partial(endpoints.unseen, endpoint)
            show = partial(endpoints.show, endpoint)
            self._start(HeadWatch(endpoint, tell, clock, unseen, show).run())
        self._watch_pending(endpoints, lens)
        await self._insist(partial(writer.mend, source))
        try:
            await self._follow(Follower(source, Mandated(writer, lead)), writer, lens.preparation)
        finally:
            await writer.close()
            if lens.preparation is not None:
                lens.preparation.save()

    def _hear(self, endpoints: Endpoints, endpoint: Endpoint, hint: Hint) -> None:
        if endpoints.hear(endpoint, hint.head):
            self._heads.tell(hint)

    def _watch_pending(self, endpoints: Endpoints, lens: Lens) -> None:
        evm = self._settings.evm
        if not evm.pending:
            return
        metrics, clock = self._service.metrics, self._service.clock
        outbox = self._outbox(self._broker.producer())
        chain = endpoints.chain
        rehearsal = Rehearsal(chain, outbox, lens, metrics, clock)
        told = (rehearsal.offer,) if evm.simulate else ()
        pool = PendingPool(chain, outbox, lens.watch, metrics, clock, *told)
        for endpoint in endpoints.all:
            if endpoint.connection.can_subscribe:
                self._start(pool.run(endpoint))
                if evm.simulate:
                    self._start(rehearsal.run(endpoint))
            else:
                _log.warning("no_pending", endpoint=endpoint.name, reason="needs IPC or WebSocket")

    def _remembering(self, lens: Lens, chain: str) -> Lens:
        posture = self._settings.posture
        memory = PostureMemory(posture.addresses)
        mixers = read_addresses(posture.mixers) if posture.mixers is not None else ()
        path = posture.folder / f"{chain.replace(':', '-')}.npz" if posture.folder else None
        return replace(lens, preparation=Preparation(memory, lens.watch, mixers, path))

    def _outbox(self, producer: Producer) -> Outbox:
        return Outbox(producer, self._partitions, self._service.metrics, self._service.clock)

    async def _follow(
        self, follower: Follower, writer: ChainWriter, preparation: Preparation | None
    ) -> None:
        self._idle = self._waiting_for = ""
        self._follows = True
        # What is loaded by now stays for good: without it a full collection takes no time.
        gc.collect()
        gc.freeze()
        while True:
            hint = await self._heads.next(TURN_SECONDS)
            if hint is None:
                await writer.settled()
                if preparation is not None:
                    await asyncio.to_thread(preparation.save_if_due)
                continue
            done = await self._attempt(partial(follower.heed, *hint))
            while not done:
                done = await self._attempt(partial(follower.catch_up, hint.received))

    async def _insist(self, action: Callable[[], Awaitable[T]]) -> T:
        """Do it until it succeeds; return what it returned."""
        found: list[T] = []

        async def once() -> bool:
            found.append(await action())
            return True

        while not await self._attempt(once):
            pass
        return found[0]

    async def _attempt(self, action: Callable[[], Awaitable[bool]]) -> bool:
        """Do it once; say whether it is done, after a pause if it is not."""
        try:
            done = await action()
        except TransientError as error:
            done = False
            if str(error) != self._waiting_for:
                self._waiting_for = str(error)
                _log.warning("waiting", reason=self._waiting_for)
        else:
            self._waiting_for = self._idle
        if not done:
            await asyncio.sleep(RETRY_SECONDS)
        return done


async def _end_with(lead: Leadership) -> None:
    """Return never; raise what `Leadership.require` does once this replica leads no longer."""
    while not lead.over.is_set():  # noqa: ASYNC110 - the event is another thread's
        await asyncio.sleep(TURN_SECONDS)
    lead.require()
