"""`firebreak risk`: what an insurer asks, told and checked."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli import risk_checks
from schemas.errors import ConfigurationError
from schemas.topics import ALERTS, BLOCKS, DEAD_LETTERS, INCIDENTS, RISK

if TYPE_CHECKING:
    from runtime.service import Service
    from runtime.settings import Settings
    from underwriting.publisher import Chainside
    from underwriting.shelf import Shelf

app = typer.Typer(
    help="Tell each protocol's risk as an insurer asks for it, and check what was told.",
    no_args_is_help=True,
)

_GWEI = 10**9

app.command()(risk_checks.rederive)
app.command()(risk_checks.backtest)


@app.command()
def publish(
    armed: Annotated[bool, typer.Option("--armed", help="Report to feeds, turn dials.")] = False,  # noqa: FBT002 - a command-line flag
    web_port: Annotated[int | None, typer.Option(help="Port of the records over HTTP.")] = None,
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Compute every protocol's figures, sign, publish and serve them.

    Without --armed nothing is sent to a chain.
    """
    from cli.apart import signer_apart
    from cli.hearing import hearing, people_of
    from cli.wiring import connect, read_manifests, read_settings
    from cli.working import work
    from runtime.announcement import announce
    from runtime.keepers import CaseIntake, keepers_of
    from runtime.service import running
    from runtime.signatures import Verifier, load_verifier
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
            "risk.signing_key signs the records (make one: firebreak keys risk), "
            "respond.trusted_keys names whose alerts are believed: set both"
        )
    signer = signer_apart(own.signing_key, trusted, "risk")
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
        announce(broker, service, settings)
        known(manifests, service.metrics)
        remember(broker, desk, shelf, Verifier({signer.key_id: signer.public_key}))
        producer = broker.producer()
        keepers = keepers_of(settings.incidents.trusted_keys)
        intake = CaseIntake(producer, service.metrics, "risk", keepers)
        consumer = broker.consumer("firebreak-risk")

        people = people_of(settings, armed=own.armed)
        with (
            hearing(desk.neighbourhood, broker, intake, service.metrics, people) as signals,
            _web(settings, service, shelf),
        ):
            task = Underwriting(
                broker,
                Admission(intake, load_verifier(trusted), signals),
                desk,
                Publisher(producer, signer, shelf, service.metrics, side),
                service.clock,
                side,
            )
            work(consumer, task, service, obstacle=lambda: task.obstacle)


@contextmanager
def _chainside(settings: "Settings", service: "Service") -> Iterator["Chainside"]:
    """Connect to the nodes, and open the account that signs reports, where they are configured."""
    from cli.apart import require_apart
    from cli.nodes import nodes
    from cli.wiring import read_manifests
    from runtime.account import open_account
    from runtime.sending import Sender
    from underwriting.dials import Dials
    from underwriting.publisher import Chainside
    from underwriting.reporter import Reporter

    own = settings.risk
    account = open_account(own.keystore, own.keystore_password_file)
    if own.armed and (account is None or not own.endpoints):
        raise ConfigurationError("not armed: set risk.keystore and risk.endpoints to report")
    with ExitStack() as stack:
        reached = reporter = None
        if own.endpoints:
            reached = stack.enter_context(nodes(own.endpoints, settings, service))
        if own.armed and account is not None and reached is not None:
            known = read_manifests(settings)
            require_apart("risk.keystore", account.address, settings, reached, known.values())
            reporter = Reporter(
                Sender(reached, account, own.fee_cap_gwei * _GWEI),
                account,
                Dials(
                    reached,
                    {
                        protocol: manifest.underwriting.dials
                        for protocol, manifest in known.items()
                        if manifest.chain == reached.chain
                    },
                    service.clock,
                    service.metrics,
                ),
                service.metrics,
            )
        yield Chainside(reached, account, reporter)


@contextmanager
def _web(settings: "Settings", service: "Service", shelf: "Shelf") -> Iterator[None]:
    """Serve the shelf over HTTP beside the work."""
    from runtime.logs import logger
    from runtime.rates import Limit, Rate
    from runtime.web import Place, serving
    from underwriting.web import application

    own, most = settings.risk, settings.risk.requests_per_minute
    web = application(shelf, Limit(Rate(most, most / 60), service.clock))
    with serving(web, Place(own.web_host, own.web_port, "risk.web_port")) as port:
        logger(__name__).info("serving", web=f"{own.web_host}:{port}")
        yield
