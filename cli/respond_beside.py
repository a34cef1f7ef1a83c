"""What runs beside a responder, each in a thread and over a connection of its own: heartbeats,
rehearsals, word of how its brakes stand."""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from cli.drill import drilled
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from responders.book import Book
    from responders.bounds import Look
    from responders.chain import Chain
    from responders.levers import Levers
    from responders.outlook import Account, Outlook
    from responders.readiness import Noticeboard
    from runtime.leadership import Leadership
    from runtime.service import Service
    from runtime.settings import Settings
    from schemas.manifest import Manifest

GWEI = 10**9


@contextmanager
def node(settings: "Settings", service: "Service") -> Iterator["Chain"]:
    """Connect to the chain."""
    from cli.nodes import nodes
    from responders.chain import NodeChain

    addresses = settings.respond.endpoints or settings.evm.endpoints
    if not addresses:
        raise ConfigurationError(
            "no node to brake through: set respond.endpoints to IPC paths or http(s):// addresses"
        )
    with nodes(addresses, settings, service) as endpoints:
        yield NodeChain(endpoints)


def chain_id(chain: "Chain") -> int:
    """Return the number that transactions name their chain by."""
    return int(chain.name.rpartition(":")[2])


def board_of(levers: "Levers", outlook: "Outlook", book: "Book") -> "Noticeboard":
    """Return where what is known of the brakes is left for people elsewhere."""
    from responders.readiness import Noticeboard, Now

    def look() -> Now:
        return Now(outlook.head, outlook.time, outlook.switched_on, book.ledger.guard)

    return Noticeboard(levers, look)


@contextmanager
def heartbeats(
    settings: "Settings",
    service: "Service",
    levers: "Levers",
    board: "Noticeboard",
    lead: "Leadership",
) -> Iterator[None]:
    """Keep gates' and seats' authority alive beside the work while this replica leads, over a
    connection of its own."""
    from responders import heartbeat
    from responders.equipment import heartbeat_of
    from responders.levers import kept_alive

    waiting = kept_alive(levers)
    if not waiting:
        yield
        return
    cap = settings.respond.fee_cap_gwei * GWEI
    with node(settings, service) as own:
        signer = heartbeat_of(settings.respond, chain_id(own))
        if signer is None:
            yield
            return
        beats = [
            heartbeat.Heartbeat(own, signer, contract, protocols, cap)
            for contract, protocols in waiting.items()
        ]
        work = partial(
            heartbeat.run,
            beats,
            service.metrics,
            service.stop,
            board.beaten,
            lambda: lead.confirmed,
        )
        with beside(service, work):
            yield


@contextmanager
def drills(
    settings: "Settings",
    service: "Service",
    account: "Account",
    board: "Noticeboard",
    wake: threading.Event,
    term: int,
) -> Iterator[None]:
    """Rehearse the brakes beside the work while armed, over a connection of its own."""
    from responders import drill
    from responders.outlook import Account

    if account.signer is None:
        yield
        return
    with node(settings, service) as own:
        held = drilled(settings, own, Account(account.address, signer=None), term)
        work = partial(
            drill.run, held, service.metrics, service.clock, service.stop, wake, board.rehearsed
        )
        with beside(service, work, wake):
            yield


@contextmanager
def bounds(
    settings: "Settings",
    service: "Service",
    manifests: "Collection[Manifest]",
    tell: "Callable[[Look], None]",
) -> Iterator[None]:
    """Look at what there is to lose beside the work, over a connection of its own."""
    from responders.bounds import Bounds, run

    with node(settings, service) as own:
        finality = settings.finality_of(own.name)
        looked = Bounds(own, manifests, finality, service.metrics, service.clock)
        with beside(service, partial(run, looked, service.stop, tell)):
            yield


@contextmanager
def beside(service: "Service", work: Callable[[], None], *wakes: threading.Event) -> Iterator[None]:
    """Run something in a thread of its own until this is left; `wakes` end what it waits for."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        service.stop.set()
        for wake in wakes:
            wake.set()
        thread.join()
