"""`firebreak respond`: answer alerts with brakes."""

import gc
import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cli.arming import switch_beside, switch_of
from cli.hearing import alerts_of, hearing, people_of
from cli.respond_beside import (
    GWEI,
    beside,
    board_of,
    bounds,
    chain_id,
    drills,
    heartbeats,
    node,
)
from cli.respond_lead import leading
from schemas.errors import ConfigurationError
from schemas.topics import ACTIONS, ALERTS, AUTHORITY, CONSENTS, DEAD_LETTERS, READINESS

if TYPE_CHECKING:
    from responders.arming import ArmingWatch
    from responders.book import Book
    from responders.chain import Chain
    from responders.levers import Levers
    from responders.outlook import Account, Outlook
    from responders.relay import Relay
    from responders.responder import Ears, Responder
    from responders.submission import Notices
    from runtime.broker import Producer
    from runtime.kafka import KafkaBroker
    from runtime.leadership import Leadership
    from runtime.loop import Loop
    from runtime.service import Service
    from runtime.settings import Settings
    from schemas.manifest import Manifest


def respond(
    armed: Annotated[bool, typer.Option("--armed", help="Sign and send brakes.")] = False,  # noqa: FBT002 - a command-line flag
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Decide on alerts and brake on chain. Without --armed nothing is signed or sent."""
    from cli.wiring import connect, read_manifests, read_settings
    from responders import equipment
    from runtime.service import running

    settings = read_settings(respond={"armed": armed or None}, health={"port": health_port})
    equipment.require_all(settings.respond)
    if settings.respond.armed:
        switch_beside(settings).require_armed()
    manifests = read_manifests(settings).values()
    heard = (CONSENTS,) if any(manifest.quorum for manifest in manifests) else ()
    broker = connect(settings, ALERTS, ACTIONS, READINESS, DEAD_LETTERS, *heard)
    with (
        running("respond", settings) as service,
        node(settings, service) as chain,
        _beyond(settings) as beyond,
    ):
        _serve(settings, service, broker, manifests, chain, beyond)


def _serve(
    settings: "Settings",
    service: "Service",
    broker: "KafkaBroker",
    manifests: "Collection[Manifest]",
    chain: "Chain",
    beyond: "Beyond",
) -> None:
    """Answer alerts until told to stop, when it is this replica's turn. What would keep it from
    that is found before."""
    from responders import equipment
    from responders.book import Book
    from responders.journal import Journal
    from responders.levers import within_reach
    from runtime.announcement import announce, recorded

    own = settings.respond
    announce(broker, service, settings)
    levers = within_reach(manifests, chain, 0, own.emergency)
    if not levers:
        raise ConfigurationError(f"no manifest in {settings.protocols} has a brake on {chain.name}")
    account = equipment.account_of(own, chain_id(chain))
    notices = equipment.notices_of(own, chain_id(chain), levers)
    producer = broker.producer()
    with Journal(_journal(settings, chain)) as journal:
        book = Book(journal, producer, service.metrics)
        equipment.require_own(book.ledger, account)
        book.settle()
        with leading(broker, service, chain, manifests) as lead:
            if lead is None:
                return
            levers = within_reach(manifests, chain, lead.term, own.emergency)
            place = Place(chain, account, levers, beyond, notices)
            office = Office(lead, book, producer, recorded(broker, AUTHORITY))
            _act(settings, service, broker, office, place)


def _act(
    settings: "Settings",
    service: "Service",
    broker: "KafkaBroker",
    office: "Office",
    place: "Place",
) -> None:
    """Answer alerts until told to stop, or until another replica may lead."""
    from cli.wiring import read_manifests
    from responders.arming import ArmingWatch
    from responders.outlook import Outlook
    from responders.preflight import preflight
    from responders.readiness import Teller
    from responders.recall import Recall
    from responders.responder import Ears
    from responders.scoping import warn_of_no_graph
    from responders.succession import Succession
    from runtime.intake import Intake
    from runtime.neighbourhood import Neighbourhood

    lead, book, producer, recorded = office
    chain, account, levers, beyond, notices = place
    manifests = read_manifests(settings).values()
    switch = switch_of(settings, _journal(settings, chain))
    neighbours = Neighbourhood(one for one in manifests if one.chain == chain.name)
    cap = settings.respond.fee_cap_gwei * GWEI
    outlook = Outlook(chain, account, cap, manifests, switch, neighbours)
    watch = ArmingWatch(outlook, switch, producer, service.clock) if recorded else None
    if watch is not None:
        watch.look()
    wake = threading.Event()
    intake = Intake(producer, service.metrics, "respond")
    with hearing(
        neighbours,
        broker,
        intake,
        service.metrics,
        people_of(settings, armed=settings.respond.armed),
        wake.set,
    ) as signals:
        alerts = alerts_of(settings, service, intake, broker, chain.name)
        succession = Succession(broker, _group(chain.name), chain.name, service.clock)
        succession.take_over(book, manifests)
        recall = Recall(broker, _group(chain.name), service.clock, service.metrics)
        ears = Ears(alerts, signals, recall, succession)
        responder = _responder(
            settings, service, Field(levers, outlook, beyond, notices), office, ears
        )
        preflight(outlook, levers)
        responder.tick()
        warn_of_no_graph(m for m in manifests if m.chain == chain.name and m.brakes)
        loop = _loop(settings, service, broker, responder, lead, watch)
        board = board_of(levers, outlook, book)
        teller = Teller(board, broker.producer(), service.clock)
        gc.freeze()  # what there is by now stays; no collection walks it during a brake
        with (
            heartbeats(settings, service, levers, board, lead),
            drills(settings, service, account, board, wake, lead.term),
            bounds(settings, service, manifests, responder.tell),
            beside(service, partial(teller.run, service.stop)),
        ):
            loop.run(service.stop)
        book.settle()


def _loop(
    settings: "Settings",
    service: "Service",
    broker: "KafkaBroker",
    responder: "Responder",
    lead: "Leadership",
    watch: "ArmingWatch | None",
) -> "Loop":
    """Return what runs the responder while it leads, and tells at every turn that it does."""
    from cli.wiring import beats_of
    from runtime.lag import LagGauge
    from runtime.loop import Loop

    group = _group(responder.chain)
    consumer = broker.consumer(group)
    beats = beats_of(settings, broker, service, group)
    lag = LagGauge(consumer.lags, service.metrics, service.clock)

    def beat() -> None:
        if lead.over.is_set():
            lead.require()
        if watch is not None:
            watch.look()
        service.health.beat(responder.obstacle)
        lag.look()
        beats.tell(waiting=responder.obstacle, reads=loop.worked)

    loop = Loop(consumer, responder, service.clock, beat=beat)
    return loop


def _group(chain: str) -> str:
    """Return the group whose members share a chain's alerts."""
    return f"firebreak-respond-{chain.replace(':', '-')}"


class Beyond(NamedTuple):
    """What a responder reaches beside its node, where it is configured."""

    second: "Chain | None"
    relay: "Relay | None"


class Office(NamedTuple):
    """What the replica that acts has taken on."""

    lead: "Leadership"
    book: "Book"
    producer: "Producer"
    recorded: bool
    """Whether arming is recorded."""


class Place(NamedTuple):
    """What it acts on, and with."""

    chain: "Chain"
    account: "Account"
    levers: "Levers"
    beyond: Beyond
    notices: "Notices | None"


class Field(NamedTuple):
    """What a responder can do something about."""

    levers: "Levers"
    outlook: "Outlook"
    beyond: Beyond
    notices: "Notices | None"


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


def _journal(settings: "Settings", chain: "Chain") -> Path:
    """Return the journal's path; a dry-run may keep its own in the home folder."""
    default = settings.home / "respond" / f"{chain.name.replace(':', '-')}-dry-run.jsonl"
    return settings.respond.journal or default


def _responder(
    settings: "Settings",
    service: "Service",
    field: Field,
    office: Office,
    ears: "Ears",
) -> "Responder":
    from cli.wiring import read_manifests
    from responders.delivery import Delivery, Patience
    from responders.executor import Executor
    from responders.levers import within_reach
    from responders.preparation import Preparation
    from responders.responder import Responder
    from responders.response import Response
    from responders.submission import Submission
    from responders.witness import Witness

    own, levers, outlook, book = settings.respond, field.levers, field.outlook, office.book
    chain, witness = outlook.chain.name, None
    if field.beyond.second is not None:
        manifests = read_manifests(settings).values()
        seconds = within_reach(manifests, field.beyond.second, office.lead.term, own.emergency)
        witness = Witness(seconds, service.metrics)
    patience = Patience(replace=own.replace_after_blocks, final=settings.finality_of(chain))
    submission = Submission(outlook, levers, service.metrics, field.notices)
    executor = Executor(
        book,
        outlook,
        Preparation(outlook, book.ledger, levers, submission, witness),
        Delivery(outlook, levers, patience, service.clock, service.metrics, field.beyond.relay),
        submission,
        office.lead,
    )
    executor.resume()
    return Responder(
        ears,
        Response(levers, book, executor, outlook, service.clock, service.metrics),
        executor,
        book,
        service.clock,
        own.look_seconds,
    )
