"""`firebreak risk`: what an insurer asks, told and checked."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError
from schemas.topics import ALERTS, BLOCKS, DEAD_LETTERS, INCIDENTS, RISK

if TYPE_CHECKING:
    from runtime.broker import Broker
    from runtime.service import Service
    from runtime.settings import Settings
    from schemas.base import Record
    from schemas.risk import Risk, Source
    from underwriting.publisher import Chainside
    from underwriting.shelf import Shelf

app = typer.Typer(
    help="Tell each protocol's risk as an insurer asks for it, and check what was told.",
    no_args_is_help=True,
)

_GWEI = 10**9


@app.command()
def publish(
    armed: Annotated[bool, typer.Option("--armed", help="Report to the feeds on chain.")] = False,  # noqa: FBT002 - a command-line flag
    web_port: Annotated[int | None, typer.Option(help="Port of the records over HTTP.")] = None,
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Compute every protocol's figures, sign, publish and serve them.

    Without --armed nothing is sent to a chain.
    """
    from cli.wiring import connect, read_manifests, read_settings
    from runtime.intake import Intake
    from runtime.lag import LagGauge
    from runtime.loop import Loop
    from runtime.service import running
    from runtime.signatures import Verifier, load_signer, load_verifier
    from underwriting import model
    from underwriting.admission import Admission
    from underwriting.desk import Desk, Terms
    from underwriting.publisher import Publisher
    from underwriting.rounds import Rhythm
    from underwriting.service import Underwriting, known, remember
    from underwriting.shelf import Shelf

    settings = read_settings(
        risk={"armed": armed or None, "web_port": web_port}, health={"port": health_port}
    )
    own, trusted = settings.risk, settings.respond.trusted_keys
    if own.signing_key is None or trusted is None:
        raise ConfigurationError(
            "risk.signing_key signs the records (make one: firebreak keys detector --name risk), "
            "respond.trusted_keys names whose alerts are believed: set both"
        )
    signer = load_signer(own.signing_key)
    manifests = read_manifests(settings)
    if not manifests:
        raise ConfigurationError(f"no manifest in {settings.protocols}: nothing to underwrite")
    terms = Terms(
        horizon=own.horizon_seconds,
        capital_cost=own.capital_cost,
        level=own.level,
        rhythm=Rhythm(own.deviation, own.heartbeat_seconds),
    )
    desk, shelf = Desk(manifests, model.load(own.model), terms), Shelf(frozenset(manifests))
    broker = connect(settings, ALERTS, INCIDENTS, BLOCKS, RISK, DEAD_LETTERS)
    with running("risk", settings) as service, _chainside(settings, service) as side:
        known(manifests, service.metrics)
        remember(broker, desk, shelf, Verifier({signer.key_id: signer.public_key}))
        producer = broker.producer()
        task = Underwriting(
            broker,
            Admission(Intake(producer, service.metrics, "risk"), load_verifier(trusted)),
            desk,
            Publisher(producer, signer, shelf, service.metrics, side),
            service.clock,
            side,
        )
        consumer = broker.consumer("firebreak-risk")
        lag = LagGauge(consumer.lags, service.metrics, service.clock)

        def beat() -> None:
            service.health.beat(task.obstacle)
            lag.look()

        with _web(settings, service, shelf):
            Loop(consumer, task, service.clock, beat=beat).run(service.stop)


@app.command()
def rederive(
    protocol: Annotated[str, typer.Argument(help="Whose records.")],
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest.")] = 100,
) -> None:
    """Compute records again from their own inputs, and hold these against the topics they are from.

    Exits with 1 if a figure is not what comes out, or a topic says something else.
    """
    from cli.wiring import connect, read_settings
    from underwriting import model
    from underwriting.rederive import differences, unfounded

    settings = read_settings()
    broker = connect(settings, RISK, ALERTS, INCIDENTS)
    parameters, wrong = model.load(settings.risk.model), 0
    records = _records(broker, protocol)[-count:]
    for risk in records:
        found = differences(risk, parameters) + unfounded(risk, lambda at: _read(broker, at))
        wrong += bool(found)
        typer.echo(f"block {risk.block} {risk.id[:12]}: {'; '.join(found) or 'equal'}")
    typer.echo(f"{len(records) - wrong} of {len(records)} records are what their inputs give")
    if wrong or not records:
        raise typer.Exit(1)


@app.command()
def backtest(
    data: Annotated[Path, typer.Argument(help="A folder of recorded incidents and histories.")],
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
) -> None:
    """Say how good the probabilities are on what was recorded: scores against the base rate."""
    from cli.risk_records import incidents, seen, windows
    from underwriting.backtest import days, follow_of, forecasts, quarters, reliability, scores

    problems: list[str] = []
    told = forecasts(days(seen(data, "core", problems)), follow_of(windows(data)))
    held = sum(day.incident for day, _, _ in told)
    cases = len({day.case for day, _, _ in told})
    typer.echo(f"{len(told)} days of {cases} protocols, {held} with the incident")
    for name, score in scores(told, seed).items():
        typer.echo(
            f"{name}: {score.forecast:.5f}, of the base rate {score.base:.5f}; skill "
            f"{score.skill:.2f} ({score.low:.2f} to {score.high:.2f}, 90 %)"
        )
    for mean, share, many in reliability(told):
        typer.echo(f"told {mean:.3f}: happened {share:.3f} of {many} days")
    dates = incidents(data).dates
    for unsure in (1.0, 2.0):
        found = quarters(dates, unsure)
        inside = sum(one.low <= one.recorded <= one.high for one in found)
        typer.echo(
            f"incidents a quarter: {inside} of {len(found)} within the 90 % forecast, the rate "
            f"taken to be off by {unsure:g} times at most"
        )
    for line in problems:
        typer.echo(line, err=True)


def _records(broker: "Broker", protocol: str) -> "list[Risk]":
    from runtime.broker import Message, Partition, read_all
    from schemas.codec import decode
    from schemas.errors import PoisonRecordError
    from schemas.risk import Risk

    found: list[Risk] = []

    def take(message: Message) -> None:
        if message.key == protocol.encode():
            try:
                found.append(decode(message.value or b"", Risk))
            except PoisonRecordError as error:
                typer.echo(f"[{message.partition}] offset {message.offset}: {error}", err=True)

    for number in range(broker.partitions(RISK.name)):
        read_all(broker, Partition(RISK.name, number), take)
    return sorted(found, key=lambda risk: risk.at)


def _read(broker: "Broker", at: "Source") -> "Record | None":
    """Return the record at a place of a topic, None where it is not kept any more."""
    from runtime.broker import Partition
    from schemas.codec import decode_from
    from schemas.errors import PoisonRecordError
    from schemas.topics import TOPICS

    partition = Partition(at.topic, at.partition)
    if at.topic not in TOPICS or at.partition >= broker.partitions(at.topic):
        return None
    low, high = broker.bounds(partition)
    if not low <= at.offset < high:
        return None
    with closing(broker.consumer()) as consumer:
        consumer.assign({partition: at.offset})
        for _ in range(10):
            for message in consumer.fetch(1, 1.0):
                if message.offset != at.offset:
                    return None  # compacted away
                try:
                    return decode_from(TOPICS[at.topic], message.value or b"")
                except PoisonRecordError:
                    return None
    return None


@contextmanager
def _chainside(settings: "Settings", service: "Service") -> Iterator["Chainside"]:
    """Connect to the nodes, and open the account that signs reports, where they are configured."""
    from runtime.evm import Endpoints
    from underwriting.account import open_account
    from underwriting.publisher import Chainside
    from underwriting.reporter import Reporter

    own, faults = settings.risk, service.metrics.endpoint_faults
    account = open_account(own.keystore, own.keystore_password_file)
    if own.armed and (account is None or not own.endpoints):
        raise ConfigurationError("not armed: set risk.keystore and risk.endpoints to report")
    with ExitStack() as stack:
        nodes = reporter = None
        if own.endpoints:
            nodes = Endpoints(
                own.endpoints,
                settings.evm.request_seconds,
                fault=lambda endpoint: faults.labels(endpoint).inc(),
            )
            stack.enter_context(closing(nodes))
        if own.armed and account is not None and nodes is not None:
            reporter = Reporter(nodes, account, own.fee_cap_gwei * _GWEI, service.metrics)
        yield Chainside(nodes, account, reporter)


@contextmanager
def _web(settings: "Settings", service: "Service", shelf: "Shelf") -> Iterator[None]:
    """Serve the shelf over HTTP beside the work."""
    from underwriting import server
    from underwriting.rates import Rates
    from underwriting.web import application

    own = settings.risk
    web = application(shelf, Rates(own.requests_per_minute, service.clock))
    with server.serving(web, own.web_host, own.web_port):
        yield
