"""`firebreak respond`: answer alerts with brakes."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cli.arming import switch_of
from cli.drill import drilled
from schemas.errors import ConfigurationError
from schemas.topics import ACTIONS, ALERTS, DEAD_LETTERS

if TYPE_CHECKING:
    from responders.book import Book
    from responders.chain import Chain
    from responders.levers import Levers
    from responders.outlook import Account, Outlook
    from responders.relay import Relay
    from responders.responder import Responder
    from runtime.broker import Producer
    from runtime.service import Service
    from runtime.settings import Settings

_GWEI = 10**9


def respond(
    armed: Annotated[bool, typer.Option("--armed", help="Sign and send brakes.")] = False,  # noqa: FBT002 - a command-line flag
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Decide on alerts and brake on chain. Without --armed nothing is signed or sent."""
    from cli.wiring import beats_of, connect, read_manifests, read_settings
    from responders import equipment
    from responders.book import Book
    from responders.journal import Journal
    from responders.levers import within_reach
    from responders.outlook import Outlook
    from responders.preflight import preflight
    from runtime.lag import LagGauge
    from runtime.loop import Loop
    from runtime.service import running

    settings = read_settings(respond={"armed": armed or None}, health={"port": health_port})
    own = settings.respond
    equipment.require_all(own)
    broker = connect(settings, ALERTS, ACTIONS, DEAD_LETTERS)
    with (
        running("respond", settings) as service,
        _node(settings, service) as chain,
        _beyond(settings) as beyond,
    ):
        manifests = read_manifests(settings).values()
        levers = within_reach(manifests, chain, own.epoch, own.emergency)
        if not levers:
            raise ConfigurationError(
                f"no manifest in {settings.protocols} has a brake on {chain.name}"
            )
        account = equipment.account_of(own, _chain_id(chain))
        place = _journal(settings, chain)
        switch = switch_of(settings, place)
        outlook = Outlook(chain, account, own.fee_cap_gwei * _GWEI, manifests, switch)
        with Journal(place) as journal:
            producer = broker.producer()
            book = Book(journal, producer, service.metrics)
            equipment.require_own(book.ledger, account)
            responder = _responder(
                settings, service, Field(levers, outlook, beyond), book, producer
            )
            preflight(outlook, levers)
            responder.tick()
            equipment.warn_of_unbounded_loss(outlook, manifests)
            group = f"firebreak-respond-{chain.name.replace(':', '-')}"
            consumer = broker.consumer(group)
            beats = beats_of(settings, broker, service, group)
            lag = LagGauge(consumer.lags, service.metrics, service.clock)

            def beat() -> None:
                service.health.beat(responder.obstacle)
                lag.look()
                beats.tell(waiting=responder.obstacle, reads=loop.worked)

            gc.freeze()  # what there is by now stays; no collection walks it during a brake
            loop = Loop(consumer, responder, service.clock, beat=beat)
            with _heartbeats(settings, service, levers, chain), _drills(settings, service, account):
                loop.run(service.stop)
            book.settle()


class Beyond(NamedTuple):
    """What a responder reaches beside its node, where it is configured."""

    second: "Chain | None"
    relay: "Relay | None"


class Field(NamedTuple):
    """What a responder can do something about."""

    levers: "Levers"
    outlook: "Outlook"
    beyond: Beyond


@contextmanager
def _beyond(settings: "Settings") -> Iterator[Beyond]:
    """Connect to the second node, if two are configured, and to the private relay."""
    from responders.chain import NodeChain
    from responders.relay import Relay
    from responders.witness import WITNESS_SECONDS
    from runtime.evm import Endpoints

    own, seconds = settings.respond, min(settings.evm.request_seconds, WITNESS_SECONDS)
    with ExitStack() as stack:
        others = (own.endpoints or settings.evm.endpoints)[1:]
        second = relay = None
        if others:
            nodes = stack.enter_context(closing(Endpoints(others, seconds)))
            second = NodeChain(nodes)
        if own.relay is not None:
            made = Relay(own.relay, own.relay_method, own.relay_blocks, seconds)
            relay = stack.enter_context(closing(made))
        yield Beyond(second, relay)


@contextmanager
def _node(settings: "Settings", service: "Service") -> Iterator["Chain"]:
    """Connect to the chain."""
    from responders.chain import NodeChain
    from runtime.evm import Endpoints

    addresses = settings.respond.endpoints or settings.evm.endpoints
    if not addresses:
        raise ConfigurationError(
            "no node to brake through: set respond.endpoints to IPC paths or http(s):// addresses"
        )
    faults = service.metrics.endpoint_faults
    endpoints = Endpoints(
        addresses,
        settings.evm.request_seconds,
        fault=lambda endpoint: faults.labels(endpoint).inc(),
    )
    try:
        yield NodeChain(endpoints)
    finally:
        endpoints.close()


def _chain_id(chain: "Chain") -> int:
    return int(chain.name.rpartition(":")[2])


def _journal(settings: "Settings", chain: "Chain") -> Path:
    """Return the journal's path; a dry-run may keep its own in the home folder."""
    default = settings.home / "respond" / f"{chain.name.replace(':', '-')}-dry-run.jsonl"
    return settings.respond.journal or default


def _responder(
    settings: "Settings",
    service: "Service",
    field: Field,
    book: "Book",
    producer: "Producer",
) -> "Responder":
    from cli.wiring import read_manifests
    from responders.delivery import Delivery, Patience
    from responders.executor import Executor
    from responders.intake import AlertIntake
    from responders.levers import within_reach
    from responders.preparation import Preparation
    from responders.responder import Responder
    from responders.response import Response
    from responders.witness import Witness
    from runtime.intake import Intake
    from runtime.signatures import load_verifier

    own, levers, outlook = settings.respond, field.levers, field.outlook
    chain, witness = outlook.chain.name, None
    if field.beyond.second is not None:
        manifests = read_manifests(settings).values()
        seconds = within_reach(manifests, field.beyond.second, own.epoch, own.emergency)
        witness = Witness(seconds, service.metrics)
    patience = Patience(replace=own.replace_after_blocks, final=settings.finality_of(chain))
    executor = Executor(
        book,
        outlook,
        Preparation(outlook, book.ledger, levers, witness),
        Delivery(outlook, levers, patience, service.clock, service.metrics, field.beyond.relay),
    )
    executor.resume()
    verifier = None if own.trusted_keys is None else load_verifier(own.trusted_keys)
    intake = Intake(producer, service.metrics, "respond")
    return Responder(
        AlertIntake(intake, verifier, chain, service.metrics),
        Response(levers, book, executor, outlook, service.clock, service.metrics),
        executor,
        book,
        service.clock,
        own.look_seconds,
    )


@contextmanager
def _heartbeats(
    settings: "Settings", service: "Service", levers: "Levers", chain: "Chain"
) -> Iterator[None]:
    """Keep gates' and seats' authority alive beside the work, over a connection of its own."""
    from responders import heartbeat
    from responders.equipment import heartbeat_of
    from responders.levers import kept_alive

    signer = heartbeat_of(settings.respond, _chain_id(chain))
    waiting = kept_alive(levers)
    if signer is None or not waiting:
        yield
        return
    cap = settings.respond.fee_cap_gwei * _GWEI
    with _node(settings, service) as own:
        beats = [
            heartbeat.Heartbeat(own, signer, contract, protocols, cap)
            for contract, protocols in waiting.items()
        ]
        with _beside(service, partial(heartbeat.run, beats, service.metrics, service.stop)):
            yield


@contextmanager
def _drills(settings: "Settings", service: "Service", account: "Account") -> Iterator[None]:
    """Rehearse the brakes beside the work while armed, over a connection of its own."""
    from responders import drill
    from responders.outlook import Account

    if account.signer is None:
        yield
        return
    with _node(settings, service) as own:
        held = drilled(settings, own, Account(account.address, signer=None))
        work = partial(drill.run, held, service.metrics, service.clock, service.stop)
        with _beside(service, work):
            yield


@contextmanager
def _beside(service: "Service", work: Callable[[], None]) -> Iterator[None]:
    """Run something in a thread of its own until this is left."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        service.stop.set()
        thread.join()
