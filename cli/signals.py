"""`firebreak signals`: protocols warn each other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import signals_people
from schemas.errors import ConfigurationError
from schemas.signals import Signal
from schemas.topics import DEAD_LETTERS, EVENTS, INCIDENTS, SIGNALS
from schemas.units import account

if TYPE_CHECKING:
    from neighbours.desk import Desk
    from neighbours.issuing import Issuing
    from runtime.service import Service
    from runtime.settings import Settings

app = typer.Typer(help="Warn other protocols, and take their warnings.", no_args_is_help=True)
app.command()(signals_people.confirm)
app.command()(signals_people.export)
app.command("import")(signals_people.import_)
app.command("list")(signals_people.list_)
app.command()(signals_people.refute)
app.command()(signals_people.simulate)


@app.command()
def serve(
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Take signals from chain and webhooks; with signals.publish also issue our own."""
    from cli.wiring import connect, read_manifests, read_settings
    from cli.working import work
    from neighbours.courier import carrying, https
    from neighbours.desk import Desk
    from neighbours.service import SignalsTask, recollect
    from neighbours.subscribers import load
    from responders.signers.telling import tell_aside
    from runtime.announcement import announce
    from runtime.keepers import CaseIntake, keepers_of
    from runtime.service import running

    settings = read_settings(health={"port": health_port})
    manifests = read_manifests(settings)
    issuing = issuing_of(settings)
    subscribers = load(settings.signals.subscribers) if settings.signals.subscribers else ()
    broker = connect(settings, INCIDENTS, EVENTS, SIGNALS, DEAD_LETTERS)
    keepers = keepers_of(settings.incidents.trusted_keys)
    with running("signals", settings) as service:
        announce(broker, service, settings)
        tell_aside(broker, (settings.signals.signer_socket,), service.clock)
        producer = broker.producer()
        issuers = {one.address for manifest in manifests.values() for one in manifest.issuers}
        desk = Desk(producer, issuers, service.clock, service.metrics)
        with (
            https() as way,
            carrying(subscribers, service.clock, service.metrics, way) as carry,
            _posting(settings, service) as to_chain,
        ):

            def offer(signal: Signal) -> None:
                carry(signal)
                to_chain(signal)

            recollect(broker, desk, issuing, offer)
            task = SignalsTask(
                CaseIntake(producer, service.metrics, "signals", keepers),
                desk,
                issuing,
                service.metrics,
                offer,
                lambda partition: broker.bounds(partition)[0],
            )
            consumer = broker.consumer("firebreak-signals")

            with _reception(settings, desk):
                work(consumer, task, service)


@contextmanager
def _posting(settings: "Settings", service: "Service") -> Iterator[Callable[[Signal], None]]:
    """Post our signals to the registry, where one is set.

    Raises `ConfigurationError` for an account that is missing, brakes, or issues.
    """
    from cli.apart import require_apart
    from cli.nodes import nodes
    from cli.wiring import read_manifests
    from neighbours.posting import Poster, posting
    from runtime.account import open_account
    from runtime.budget import Budget
    from runtime.sending import Sender

    own = settings.signals
    if own.registry is None or not own.publish:
        yield lambda _: None
        return
    account = open_account(own.registry_keystore, own.registry_password_file)
    if account is None or not own.registry_endpoints:
        raise ConfigurationError(
            "signals.registry needs registry_endpoints, registry_keystore and "
            "registry_password_file: an account of its own that pays (firebreak keys issuer)"
        )
    with nodes(own.registry_endpoints, settings, service) as reached:
        known = read_manifests(settings).values()
        require_apart("signals.registry_keystore", account.address, settings, reached, known)
        sender = Sender(reached, account, own.registry_fee_cap_gwei * 10**9)
        place = settings.home / "signals" / f"{sender.address}.postings"
        poster = Poster(
            own.registry.lower(),
            sender,
            service.clock,
            service.metrics,
            Budget(place, own.registry_posts_per_day),
            armed=own.registry_armed,
        )
        with posting(poster) as offer:
            yield offer


@contextmanager
def _reception(settings: "Settings", desk: "Desk") -> Iterator[None]:
    """Answer neighbours over HTTP, where that is set."""
    from neighbours.reception import listening
    from runtime.logs import logger

    if settings.signals.web_port is None:
        yield
        return
    with listening(settings.signals, desk.take, desk.check) as port:
        logger(__name__).info("listening", host=settings.signals.web_host, port=port)
        yield


def issuing_of(settings: "Settings") -> "Issuing | None":
    """Return what issues our own signals, None unless `signals.publish` says so.

    Raises `ConfigurationError` for a key that is missing, or is one that brakes.
    """
    from cli.wiring import read_manifests
    from neighbours.issuing import Issuing
    from neighbours.outbound import Rules
    from neighbours.sequence import Sequence
    from responders.equipment import signals_signer

    own = settings.signals
    if not own.publish:
        return None
    signer = signals_signer(settings)
    place: Path = own.sequence or settings.home / "signals" / f"{signer.address}.sequence"
    homes = {}
    for manifest in read_manifests(settings).values():
        holders_first = sorted(manifest.contracts, key=lambda one: not one.holds_value)
        homes[manifest.protocol] = tuple(
            account(manifest.chain, one.address) for one in holders_first
        )
    if not homes:
        raise ConfigurationError(f"no manifest in {settings.protocols}: nothing to tell of")
    rules = Rules(own.least_severity, own.after, own.lifetime_seconds)
    return Issuing(signer, Sequence(place), rules, own.tlp, homes)
