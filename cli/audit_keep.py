"""`firebreak audit keep`: the service that keeps the record."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError
from schemas.services import RECORDED
from schemas.topics import SEALS

if TYPE_CHECKING:
    import httpx
    from sqlalchemy import Engine

    from forensics.record.anchoring import Anchoring
    from forensics.record.log_reader import LogReader
    from forensics.record.note import NoteSigner
    from forensics.record.witness_client import WitnessClient
    from runtime.service import Service
    from runtime.settings import Settings

_GWEI = 10**9


def keep(
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
    web_port: Annotated[int | None, typer.Option(help="Port for proofs and tiles.")] = None,
    from_what_is_left: Annotated[  # noqa: FBT002 - a command-line flag
        bool,
        typer.Option("--from-what-is-left", help="Go on although records were removed unrecorded."),
    ] = False,
) -> None:
    """Write every alert, decision, action, arming, release and change of configuration down.

    Each becomes a leaf of an append-only log; every few seconds, and at every brake, the log is
    sealed, cosigned by witnesses and anchored on chain. Exactly one for each log.
    """
    from cli.wiring import connect, read_settings
    from cli.working import work
    from forensics.record.keeper import Keeper
    from forensics.record.log_writer import LogWriter
    from forensics.record.rebuilding import Rebuilding
    from forensics.record.sealing import Sealing
    from runtime.announcement import announce
    from runtime.logs import logger
    from runtime.service import running

    settings = read_settings(forensics={"web_port": web_port}, health={"port": health_port})
    signer = signer_of(settings)
    broker = connect(settings, *RECORDED, SEALS)
    with running("forensics", settings) as service, ExitStack() as stack:
        log = stack.enter_context(LogWriter.open(engine_of(settings)))
        caught = Rebuilding(log, broker, signer.key).run()
        logger(__name__).info(
            "log_opened", key=str(signer.key), size=log.frontier.size, rebuilt=caught
        )
        announce(broker, service, settings)
        sealing = Sealing(log, signer, broker.producer(), service.metrics)
        keeper = Keeper(broker, log, sealing, service.metrics, from_what_is_left=from_what_is_left)
        stack.enter_context(_served(settings, log.reader))
        stack.enter_context(_vouched_for(settings, service, log.reader, signer.key.name))
        consumer = broker.consumer("firebreak-forensics")

        interval = settings.forensics.seal_seconds
        work(consumer, keeper, service, interval=interval)


def engine_of(settings: "Settings") -> "Engine":
    """Return the engine of the database that the log is in."""
    from forensics.record import database
    from runtime.secrets import one_secret

    own = settings.forensics
    given = one_secret("forensics.database", own.database, own.database_file)
    if given is not None:
        return database.connect(given.get_secret_value())
    path = settings.home / "forensics" / "record.sqlite"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return database.connect(database.file_url(path))


def signer_of(settings: "Settings") -> "NoteSigner":
    """Return what the log signs with. Raises `ConfigurationError` when it has no name or key."""
    from forensics.record.note import NoteSigner
    from runtime.signatures import load_private

    own = settings.forensics
    if own.origin is None or own.signing_key is None:
        raise ConfigurationError(
            "a log needs forensics.origin, its name for ever, such as example.org/firebreak, and "
            "forensics.signing_key (make one: firebreak keys log)"
        )
    return NoteSigner(own.origin, load_private(own.signing_key))


@contextmanager
def _served(settings: "Settings", log: "LogReader") -> Iterator[None]:
    from forensics.record import web
    from runtime.web import Place, serving

    own = settings.forensics
    with serving(web.app(log), Place(own.web_host, own.web_port, "forensics.web_port")):
        yield


@contextmanager
def _vouched_for(
    settings: "Settings", service: "Service", log: "LogReader", origin: str
) -> Iterator[None]:
    """Ask witnesses and chain beside the work, until this is left."""
    import httpx

    from forensics.record.vouching import Vouching
    from forensics.record.witness_client import TIMEOUT

    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(timeout=TIMEOUT, follow_redirects=False))
        anchoring = stack.enter_context(_anchoring(settings, service, log, origin))
        vouching = Vouching(
            log, list(_witnesses(settings, log, client)), anchoring, service.metrics
        )
        thread = threading.Thread(target=vouching.run, args=(service.stop,), name="vouching")
        thread.start()
        try:
            yield
        finally:
            service.stop.set()
            thread.join()


def _witnesses(
    settings: "Settings", log: "LogReader", client: "httpx.Client"
) -> "Iterator[WitnessClient]":
    from forensics.record.errors import UntrustedError
    from forensics.record.note import COSIGNATURE, parse_key
    from forensics.record.witness_client import Address, WitnessClient

    for text, url in settings.forensics.witnesses.items():
        try:
            key = parse_key(text)
        except UntrustedError as error:
            raise ConfigurationError(f"forensics.witnesses: {error}") from error
        if key.type != COSIGNATURE or not url.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"forensics.witnesses: {key.name} needs a witness' key (type 4) and an http(s):// "
                "address"
            )
        yield WitnessClient(log, Address(key, url), client)


@contextmanager
def _anchoring(
    settings: "Settings", service: "Service", log: "LogReader", origin: str
) -> "Iterator[Anchoring | None]":
    from cli.anchor_account import account_of
    from cli.nodes import nodes
    from forensics.record.anchor_contract import AnchorContract
    from forensics.record.anchoring import Anchoring
    from forensics.record.haste import Haste
    from forensics.record.pulled import Pulled
    from runtime.actors import actors_of
    from runtime.budget import Budget

    own = settings.forensics
    if own.anchor_contract is None:
        yield None
        return
    addresses = own.anchor_endpoints or settings.evm.endpoints
    if not addresses or own.anchor_keystore is None:
        raise ConfigurationError(
            "forensics.anchor_contract needs forensics.anchor_endpoints (or evm.endpoints) and "
            "forensics.anchor_keystore (make one: firebreak keys anchor)"
        )
    with nodes(addresses, settings, service) as endpoints:
        contract = AnchorContract(endpoints, own.anchor_contract)
        account = account_of(own, int(contract.chain.rpartition(":")[2]))
        contract.require_for(origin, account.address)
        place = settings.home / "forensics" / f"{account.address}.anchors"
        yield Anchoring(
            log,
            contract,
            account,
            Haste(
                Pulled(log, actors_of(settings.respond.action_keys)),
                Budget(place, own.anchor_brakes_per_day),
                own.anchor_brakes_per_protocol,
                service.clock,
            ),
            every=own.anchor_minutes * 60,
            fee_cap=own.anchor_fee_cap_gwei * _GWEI,
        )
