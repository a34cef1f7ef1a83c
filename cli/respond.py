"""`firebreak respond`: answer alerts with brakes."""

import gc
import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arming import switch_beside, switch_of
from cli.hearing import hearing, people_of
from cli.respond_beside import beside, board_of, bounds, chain_id, drills, heartbeats, node
from cli.respond_lead import leading
from cli.respond_parts import (
    Desk,
    Office,
    alerts_of,
    beyond,
    group_of,
    journal_of,
    outlook_of,
    responder_of,
    step_signer,
)
from schemas.errors import ConfigurationError
from schemas.topics import ACTIONS, ALERTS, AUTHORITY, CONSENTS, DEAD_LETTERS, READINESS

if TYPE_CHECKING:
    from responders.arming import ArmingWatch
    from responders.responder import Responder
    from runtime.leadership import Leadership
    from runtime.loop import Loop


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
    manifests = tuple(read_manifests(settings).values())
    heard = (CONSENTS,) if any(manifest.quorum for manifest in manifests) else ()
    broker = connect(settings, ALERTS, ACTIONS, READINESS, DEAD_LETTERS, *heard)
    with (
        running("respond", settings) as service,
        node(settings, service) as chain,
        beyond(settings) as others,
    ):
        _serve(Desk(settings, service, broker, manifests, chain, others))


def _serve(desk: Desk) -> None:
    """Answer alerts until told to stop, when it is this replica's turn. What would keep it from
    that is found before."""
    from responders import equipment
    from responders.book import Book
    from responders.journal import Journal
    from responders.levers import within_reach
    from responders.signers.telling import tell_aside
    from runtime.announcement import announce, recorded

    settings, service, broker, manifests, chain, _ = desk
    own = settings.respond
    signer = step_signer(own)
    announce(broker, service, settings)
    sockets = own.signer_socket, own.heartbeat_socket, own.proposer_socket
    tell_aside(broker, sockets, service.clock)
    levers = within_reach(manifests, chain, 0, own.emergency)
    if not levers:
        raise ConfigurationError(f"no manifest in {settings.protocols} has a brake on {chain.name}")
    account = equipment.account_of(own, chain_id(chain))
    notices = equipment.notices_of(own, chain_id(chain), levers)
    producer = broker.producer()
    with Journal(journal_of(settings, chain)) as journal:
        book = Book(journal, producer, service.metrics, signer)
        equipment.require_own(book.ledger, account)
        book.settle()
        with leading(broker, service, chain, manifests) as lead:
            if lead is None:
                return
            levers = within_reach(manifests, chain, lead.term, own.emergency)
            office = Office(
                lead, book, producer, recorded(broker, AUTHORITY), levers, account, notices
            )
            _act(desk, office)


def _act(desk: Desk, office: Office) -> None:
    """Answer alerts until told to stop, or until another replica may lead."""
    from responders.arming import ArmingWatch
    from responders.preflight import preflight
    from responders.readiness import Teller
    from responders.recall import Recall
    from responders.responder import Ears
    from responders.scoping import warn_of_no_graph
    from responders.succession import Succession
    from runtime.actors import actors_of
    from runtime.intake import Intake
    from runtime.neighbourhood import Neighbourhood

    settings, service, broker, manifests, chain, _ = desk
    lead, book, producer, _, levers, account, _ = office
    switch = switch_of(settings, journal_of(settings, chain))
    neighbours = Neighbourhood(one for one in manifests if one.chain == chain.name)
    outlook = outlook_of(desk, office.account, switch, neighbours)
    wake = threading.Event()
    intake = Intake(producer, service.metrics, "respond")
    with (
        closing(broker.producer()) as telling,  # what was told last, of disarming too, goes out
        hearing(
            neighbours,
            broker,
            intake,
            service.metrics,
            people_of(settings, armed=settings.respond.armed),
            wake.set,
        ) as signals,
    ):
        watch = None
        if office.recorded:
            watch = ArmingWatch(outlook, switch, telling, service.clock, service.metrics)
            watch.look()
        actors = actors_of(settings.respond.action_keys)
        succession = Succession(broker, group_of(chain), chain.name, service.clock, actors)
        succession.take_over(book, manifests)
        recall = Recall(broker, group_of(chain), service.clock, service.metrics)
        ears = Ears(alerts_of(desk, intake), signals, recall, succession)
        responder = responder_of(desk, office, outlook, ears)
        preflight(outlook, levers)
        responder.tick()
        warn_of_no_graph(m for m in manifests if m.chain == chain.name and m.brakes)
        loop = _loop(desk, responder, lead, watch)
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
    desk: Desk, responder: "Responder", lead: "Leadership", watch: "ArmingWatch | None"
) -> "Loop":
    """Return what runs the responder while it leads, and tells at every turn that it does."""
    from cli.wiring import beats_of
    from runtime.lag import LagGauge
    from runtime.loop import Loop

    settings, service, broker, _, chain, _ = desk
    consumer = broker.consumer(group_of(chain))
    beats = beats_of(settings, broker, service, group_of(chain))
    lag = LagGauge(consumer.lags, service.metrics, service.clock)

    def beat() -> None:
        lead.here()  # or it ends here
        if watch is not None:
            watch.look()
        service.health.beat(responder.obstacle)
        lag.look()
        beats.tell(waiting=responder.obstacle, reads=loop.worked)

    loop = Loop(consumer, responder, service.clock, beat=beat)
    return loop
