"""The incidents service: starts the Faust app, watches it, ends it."""

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path
from typing import cast

import faust
from aiokafka.errors import (  # type: ignore[import-untyped]  # ships no types
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalStateError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from faust.exceptions import ConsistencyError
from faust.tables.manager import TableManager

from incidents import pages
from incidents.app import build
from incidents.casework import READS, SERVICE, Casework
from incidents.connection import cluster, copies
from incidents.outbox import Outbox
from runtime.acknowledging import People
from runtime.actors import actors_of
from runtime.broker import Broker, Partition
from runtime.kafka_refusals import not_allowed
from runtime.lag import LagGauge
from runtime.logs import logger
from runtime.service import Service
from runtime.settings import Settings
from runtime.signatures import Signer, Verifier
from schemas.errors import (
    ConfigurationError,
    PipelineError,
    TransientError,
    UnsafeToContinueError,
)
from schemas.services import SERVICES
from schemas.topics import ALERTS

_log = logger(__name__)

_REFUSED = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)

_TURN_SECONDS = 0.1

_STOP_SECONDS = 15.0
"""Long enough to finish a record and leave the group. What is cut off then comes again."""


def check_partitions(broker: Broker) -> None:
    """Raise `ConfigurationError` unless all that a protocol's cases are made of has the same
    partition number, as it has when its topics have the same number of partitions."""
    for spec in SERVICES[SERVICE].reads:
        count = broker.partitions(spec.name)
        if count != spec.partitions:
            raise ConfigurationError(
                f"topic {spec.name} has {count} partitions, expected {spec.partitions}: delete it "
                "and let `firebreak topics create` make it"
            )


async def run(
    settings: Settings,
    service: Service,
    verifier: Verifier | None,
    people: People | None = None,
    signer: Signer | None = None,
    tell: Callable[[str], None] = lambda _obstacle: None,
) -> None:
    """Keep cases until `service.stop` is set; `verifier`, `people` and `signer` are those
    of `Casework`.

    At every turn `tell` gets what keeps it from its work, '' when nothing does.

    Raises what made going on impossible, as a `PipelineError`; the record at hand comes again.
    """
    if settings.kafka.options:
        # They are librdkafka's, which Faust does not use.
        _log.warning("kafka_options_not_used", options=sorted(settings.kafka.options))
    failures: list[BaseException] = []
    outbox = Outbox()
    actors = actors_of(settings.respond.action_keys)
    casework = Casework(outbox, service.metrics, verifier, people, signer, actors)
    home = _home(settings)
    kept = settings.kafka.replication or copies(settings.kafka, ALERTS.name)
    app, table = build(settings, home, casework, outbox, failures.append, copies=kept)
    pages.add(app, table, lambda: not _obstacle(app))
    starting = asyncio.create_task(_start(app, failures.append))
    obstacle = ""
    lag = LagGauge(lambda: _lags(app, settings.kafka.namespace), service.metrics, service.clock)
    try:
        while not service.stop.is_set() and not failures:
            before, obstacle = obstacle, _obstacle(app)
            if obstacle != before:
                _log.info("waiting" if obstacle else "ready", waiting_for=obstacle)
            service.health.beat(obstacle)
            tell(obstacle)
            if not obstacle:
                lag.look()
            await asyncio.sleep(_TURN_SECONDS)
            if app.crashed:
                failures.append(app.crash_reason or RuntimeError("Faust crashed, no reason given"))
    finally:
        starting.cancel()
        await _stop(app)
    if failures:
        raise _named(failures[0], settings, home) from failures[0]


def _home(settings: Settings) -> Path:
    """Return where the tables lie. They copy one cluster's changelog: against another's, they would
    hide its first records."""
    kafka = settings.kafka
    home = settings.home / SERVICE / f"{kafka.namespace}{cluster(kafka)}"
    home.mkdir(parents=True, exist_ok=True)
    return home


async def _stop(app: faust.App) -> None:
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await app.stop()
    except TimeoutError:
        _log.warning("stop_cut_short", after_seconds=_STOP_SECONDS)


async def _start(app: faust.App, fail: Callable[[BaseException], None]) -> None:
    try:
        await app.start()
    except Exception as error:  # noqa: BLE001 - raised by `run`
        fail(error)


def _obstacle(app: faust.App) -> str:
    """Say what keeps the app from its work; empty when nothing does."""
    if not cast("TableManager", app.tables).recovery.completed.is_set():
        return "its tables to be restored from their changelog"
    return "the group to share its partitions" if app.rebalancing else ""


def _lags(app: faust.App, namespace: str) -> dict[Partition, int]:
    """Return how many records of each of its partitions are not worked off, as far as is known."""
    found = {}
    for spot, worked_off in app.monitor.tp_committed_offsets.items():
        partition = Partition(spot.topic.removeprefix(namespace), spot.partition)
        if partition.topic not in READS:
            continue
        try:
            end = app.consumer.highwater(spot)
        except IllegalStateError:
            continue  # given away just now, in the thread that reads
        if end is not None:
            found[partition] = max(0, end - worked_off)
    return found


def _named(error: BaseException, settings: Settings, home: Path) -> PipelineError:
    """Name an error by the next move."""
    if isinstance(error, PipelineError):
        return error
    if isinstance(error, ConsistencyError):
        return ConfigurationError(
            f"the tables in {home} are ahead of their changelog, so its topic was deleted: delete "
            "that folder as well"
        )
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        web = settings.incidents
        return ConfigurationError(
            f"incidents.web_port: {web.web_host}:{web.web_port} is taken; choose another with "
            "FIREBREAK_INCIDENTS__WEB_PORT"
        )
    if isinstance(error, _REFUSED):
        told = " ".join(map(str, error.args)) or f"group firebreak-{SERVICE}"
        return not_allowed(settings.kafka.librdkafka(), "use", told)
    if isinstance(error, KafkaError) and error.retriable:
        servers = settings.kafka.bootstrap_servers
        return TransientError(f"no answer from Kafka at {servers}: {error!r}")
    return UnsafeToContinueError(f"an error that has no answer here: {error!r}")
