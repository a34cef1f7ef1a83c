"""`firebreak signals`: protocols warn each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import signals_people
from schemas.errors import ConfigurationError
from schemas.topics import DEAD_LETTERS, EVENTS, INCIDENTS, SIGNALS

if TYPE_CHECKING:
    from neighbours.desk import Desk
    from neighbours.issuing import Issuing
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
    from runtime.intake import Intake
    from runtime.service import running

    settings = read_settings(health={"port": health_port})
    manifests = read_manifests(settings)
    issuing = issuing_of(settings)
    subscribers = load(settings.signals.subscribers) if settings.signals.subscribers else ()
    broker = connect(settings, INCIDENTS, EVENTS, SIGNALS, DEAD_LETTERS)
    with running("signals", settings) as service:
        producer = broker.producer()
        issuers = {one.address for manifest in manifests.values() for one in manifest.issuers}
        desk = Desk(producer, issuers, service.clock, service.metrics)
        with (
            https() as post,
            carrying(subscribers, service.clock, service.metrics, post) as offer,
        ):
            recollect(broker, desk, issuing, offer)
            task = SignalsTask(
                Intake(producer, service.metrics, "signals"),
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
def _reception(settings: "Settings", desk: "Desk") -> Iterator[None]:
    """Answer neighbours over HTTP, where that is set."""
    from neighbours.reception import listening
    from runtime.logs import logger

    if settings.signals.web_port is None:
        yield
        return
    with listening(settings.signals, desk.take) as port:
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
        holders = [one.address for one in manifest.contracts if one.holds_value]
        homes[manifest.protocol] = (holders or [manifest.contracts[0].address])[0]
    if not homes:
        raise ConfigurationError(f"no manifest in {settings.protocols}: nothing to tell of")
    rules = Rules(own.least_severity, own.after, own.lifetime_seconds)
    return Issuing(signer, Sequence(place), rules, own.tlp, homes)
