"""`firebreak consents`: exchange words with other operators."""

import threading
from contextlib import ExitStack, closing
from typing import Annotated

import typer

from schemas.errors import ConfigurationError
from schemas.topics import CONSENTS


def consents(
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Tell the other operators of a quorum what our responder says, and hear them, by HTTP.

    Not needed where all operators share `consents-v1`.
    """
    from cli.wiring import connect, read_manifests, read_settings
    from cli.working import work
    from responders.exchange.inbox import Inbox
    from responders.exchange.outbox import Outbox, Peer
    from responders.exchange.web import application
    from responders.words import Words
    from runtime.announcement import announce
    from runtime.service import running
    from runtime.web import Place, serving

    settings = read_settings(health={"port": health_port})
    own, manifests = settings.consents, read_manifests(settings).values()
    if not any(manifest.quorum for manifest in manifests):
        raise ConfigurationError(f"no manifest in {settings.protocols} has a [quorum]")
    broker = connect(settings, CONSENTS)
    with running("consents", settings) as service, ExitStack() as stack:
        announce(broker, service, settings)
        producer = stack.enter_context(closing(broker.producer()))
        inbox = Inbox(manifests, producer, service.clock, service.metrics)
        web = application(inbox, service.metrics)
        stack.enter_context(serving(web, Place(own.host, own.port, "consents.port")))
        peers = [Peer(address, service.clock, service.metrics) for address in own.peers]
        for peer in peers:
            thread = threading.Thread(target=peer.run, args=(service.stop,), daemon=True)
            thread.start()
            stack.callback(thread.join)
        stack.callback(service.stop.set)
        consumer = broker.consumer("firebreak-consents")

        outbox = Outbox(peers, Words(broker.offsets_at, service.clock))
        work(consumer, outbox, service)
