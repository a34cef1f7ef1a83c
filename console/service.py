"""The console's process: a thread that reads the topics, and the web server beside it."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from console.app import build
from console.atlas import Atlas
from console.desk import Desk
from console.feed import Feed
from console.identity import Provider
from console.lookup import Lookup
from console.people import Roster
from console.picture import Picture
from console.proofs import Proofs
from console.session_file import SessionFile
from console.sessions import Sessions
from console.stream import Stream
from console.trust import Trust
from runtime.broker import Broker
from runtime.logs import Forwarding
from runtime.manifests import load_manifests
from runtime.service import Service
from runtime.settings import Settings
from runtime.settings_console import is_loopback
from runtime.web import Place, Server, bound
from schemas.errors import ConfigurationError

TURN_SECONDS = 0.5
STOP_SECONDS = 5
"""How long open pages may take to end."""


def desk_of(settings: Settings, broker: Broker, service: Service, trust: Trust) -> Desk:
    """Return everything that pages work with, made from the settings.

    Raises `ConfigurationError` for settings under which nobody could come in safely.
    """
    own = settings.console
    if own.url is None and not is_loopback(own.host):
        raise ConfigurationError(
            f"console.host {own.host} is not this machine alone: set console.url to the https:// "
            "address that browsers see, which a proxy with a certificate answers"
        )
    if not own.people and not own.groups:
        raise ConfigurationError("nobody may come in: name them in console.people or groups")
    service.metrics.console_sign_ins.labels("refused")  # counted from 0: its rise is told
    url, picture = own.address(own.port), Picture()
    folder = settings.protocols if settings.protocols.is_dir() else None
    provider = None
    if own.oidc_issuer is not None:
        callback = f"{url}/login/provider/answer"
        provider = Provider(own, own.oidc_issuer, callback, service.clock)
    roster, kept = Roster(own), own.sessions_file
    store = None if kept is None else SessionFile(kept, service.clock, roster)
    return Desk(
        settings=own,
        url=url,
        picture=picture,
        trust=trust,
        atlas=Atlas(load_manifests(folder) if folder else {}, folder),
        feed=Feed(broker, picture, trust, service.metrics, service.clock),
        stream=Stream(service.metrics),
        sessions=Sessions(service.clock, own.idle_seconds, own.session_seconds, store),
        roster=roster,
        provider=provider,
        lookup=Lookup(broker),
        proofs=Proofs(own.log_url, service.clock),
        producer=broker.producer(),
        clock=service.clock,
        metrics=service.metrics,
    )


async def run(desk: Desk, service: Service) -> None:
    """Serve until `service.stop` is set, or a signal says so. The web server's complaints go to our
    own log.

    Raises `ConfigurationError` when the address cannot be had, and what made reading impossible.
    """
    logging.basicConfig(handlers=[Forwarding()], level=logging.WARNING, force=True)
    failures: list[BaseException] = []

    @asynccontextmanager
    async def reading() -> AsyncIterator[None]:
        loop, ended = asyncio.get_running_loop(), threading.Event()

        def read() -> None:
            try:
                desk.feed.run(desk.settings.history_hours, loop, desk.stream.tell, ended)
            except Exception as error:  # noqa: BLE001 - raised by `run`
                failures.append(error)

        thread = threading.Thread(target=read, name="feed", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            await asyncio.get_running_loop().run_in_executor(None, thread.join)
            desk.producer.close()

    own = desk.settings
    server = Server(
        uvicorn.Config(
            build(desk, reading),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(own.proxies),
            forwarded_allow_ips=list(own.proxies),
            timeout_graceful_shutdown=STOP_SECONDS,
            h11_max_incomplete_event_size=32 * 1024,
            limit_concurrency=1000,
        )
    )
    serving = asyncio.create_task(
        server.serve([bound(Place(own.host, own.port, "console.port (FIREBREAK_CONSOLE__PORT)"))])
    )
    while not (service.stop.is_set() or failures or serving.done()):
        desk.metrics.console_sessions.set(sum(1 for _ in desk.sessions.signed_in()))
        desk.sessions.turn()
        service.health.beat(desk.obstacle)
        await asyncio.sleep(TURN_SECONDS)
    desk.stream.end()
    server.should_exit = True
    await serving
    if failures:
        raise failures[0]
