"""What people do with signals: look at them, find them right or wrong, carry them by hand."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from schemas.errors import ConfigurationError
from schemas.topics import SIGNALS

if TYPE_CHECKING:
    from runtime.kafka import KafkaBroker
    from runtime.settings import Settings
    from schemas.signals import Signal, Verdict

SignalId = Annotated[str, typer.Argument(help="The signal's id, or how it begins.")]
Protocol = Annotated[str, typer.Option(help="The protocol of ours whose people found so.")]
Case = Annotated[str | None, typer.Option(help="The case in which it turned out.")]
Key = Annotated[Path | None, typer.Option(help="Your Ed25519 key, as for `firebreak arm`.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_FOR_EVER = 2**53 - 1


def confirm(signal: SignalId, protocol: Protocol, case: Case = None, key: Key = None) -> None:
    """Say that a neighbour's signal was right: its issuer's word weighs more from then on."""
    _find(signal, "confirmed", protocol, case, key)


def refute(signal: SignalId, protocol: Protocol, case: Case = None, key: Key = None) -> None:
    """Say that a neighbour's signal was wrong: its issuer's word weighs less from then on."""
    _find(signal, "refuted", protocol, case, key)


def list_(as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Show what each protocol's neighbours warn of now, and what their word weighs."""
    import orjson
    from rich.console import Console
    from rich.table import Table

    from cli.wiring import read_manifests, read_settings
    from runtime.clock import SystemClock
    from runtime.neighbourhood import Neighbourhood, warned

    settings = read_settings()
    manifests = read_manifests(settings)
    neighbourhood = Neighbourhood(manifests.values())
    now = SystemClock().now_ns() // 10**9
    signals, verdicts = _said(_broker(settings), neighbourhood.issuers, now)
    for signal in signals:
        neighbourhood.take(signal)
    for verdict in verdicts:
        neighbourhood.learn(verdict)
    rows = [
        {
            "protocol": name,
            "neighbour": next(o.name for o in manifests[name].issuers if o.address == issuer),
            "issuer": issuer,
            "confirmed": round(standing.confirmed, 2),
            "refuted": round(standing.refuted, 2),
            "ratio": 1.0 if standing.unmasked else round(standing.ratio, 2),
            "warns": sum(one.issuer == issuer for one in signals),
            "odds": round(warned(neighbourhood.heard(name, now)), 2),
        }
        for name in sorted(neighbourhood.protocols)
        for issuer, standing in neighbourhood.standings(name, now).items()
    ]
    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("protocol", "neighbour", "issuer", "right", "wrong", "ratio", "warns", "odds")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console().print(table)


def export(
    signal: SignalId,
    calldata: Annotated[bool, typer.Option(help="For a registry on chain instead.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Print a signal as a STIX 2.1 bundle, or as the call that publishes it on chain, for any
    account to send. What its marking keeps here is not printed."""
    from cli.wiring import read_settings
    from neighbours.marking import LEAVES
    from neighbours.registry import publishing
    from neighbours.stix import bundle
    from runtime.clock import SystemClock
    from schemas.errors import PoisonRecordError

    found = _named(_broker(read_settings()), signal)
    if calldata:
        try:
            typer.echo(publishing(found))
        except PoisonRecordError as error:
            raise ConfigurationError(str(error)) from error
        return
    if found.tlp not in LEAVES:
        raise ConfigurationError(f"TLP:{found.tlp.upper()}: it may not leave this organisation")
    typer.echo(bundle(found, SystemClock().now_ns() // 10**9))


def import_(
    file: Annotated[Path, typer.Argument(help="A STIX 2.1 bundle, or - for standard input.")],
) -> None:
    """Take the signals of a STIX 2.1 bundle, as if they had come over HTTP."""
    from cli.wiring import read_manifests, read_settings
    from neighbours.desk import Desk
    from neighbours.service import recollect
    from neighbours.stix import MAX_BUNDLE_BYTES, signals
    from runtime.admission import RefusedSignalError
    from runtime.clock import SystemClock
    from runtime.metrics import Metrics
    from schemas.errors import PoisonRecordError

    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
            found = signals(source.read(MAX_BUNDLE_BYTES + 1))
    except (OSError, PoisonRecordError) as error:
        raise ConfigurationError(f"{file}: {error}") from error
    settings = read_settings()
    issuers = {o.address for m in read_manifests(settings).values() for o in m.issuers}
    broker = _broker(settings)
    desk = Desk(broker.producer(), issuers, SystemClock(), Metrics())
    recollect(broker, desk, None, lambda _: None)
    refused = False
    for signal in found:
        try:
            desk.take(signal, "file")
            typer.echo(f"{signal.id} of {signal.issuer}: taken")
        except RefusedSignalError as error:
            refused = True
            typer.echo(f"{signal.id} of {signal.issuer}: {error}")
    if refused or not found:
        raise typer.Exit(1)


def simulate(
    seed: Annotated[int, typer.Option(help="Equal seeds give equal campaigns.")] = 7,
    campaigns: Annotated[int, typer.Option(min=2, max=10_000, help="How many.")] = 200,
    seeds: Annotated[
        int, typer.Option(min=1, max=1_000, help="With so many seeds, from --seed on.")
    ] = 1,
    as_json: JsonFlag = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Play twenty protocols of which six lie: what warnings save, and what lies can do."""
    import orjson

    from sandbox.neighbourhood_worth import compared, repeated

    found: Mapping[str, object]
    found = compared(seed, campaigns) if seeds == 1 else repeated(seed, campaigns, seeds)
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    for name, value in found.items():
        told: object = value
        if isinstance(value, dict):
            told = "{mean} ({from} to {to}; least {least}, most {most})".format_map(value)
        typer.echo(f"{name.replace('_', ' ')}: {told}")


def _find(
    beginning: str,
    finding: Literal["confirmed", "refuted"],
    protocol: str,
    case: str | None,
    key: Path | None,
) -> None:
    from cli.wiring import read_manifests, read_settings
    from runtime.clock import SystemClock
    from runtime.signatures import load_signer
    from schemas.codec import encode
    from schemas.ids import content_id
    from schemas.signals import Verdict

    settings = read_settings()
    if protocol not in read_manifests(settings):
        raise ConfigurationError(f"no manifest in {settings.protocols} is of {protocol!r}")
    broker = _broker(settings)
    found, now = _named(broker, beginning), SystemClock().now_ns() // 10**9
    verdict = Verdict(
        id=content_id("verdict", found.issuer, found.id, finding, protocol, now),
        signal=found.id,
        issuer=found.issuer,
        finding=finding,
        time=now,
        protocol=protocol,
        incident=case,
    )
    value = encode(verdict)
    signer = None if key is None else load_signer(key)
    beside = () if signer is None else signer.sign(value, sequence=now, expires=_FOR_EVER)
    producer = broker.producer()
    producer.send(SIGNALS.name, value, key=found.issuer.encode(), headers=beside)
    producer.close()
    typer.echo(f"{found.id} of {found.issuer}: {finding}")


def _named(broker: "KafkaBroker", beginning: str) -> "Signal":
    """Return the newest signal with this id. Raises `ConfigurationError` for none, or several."""
    every, _ = _said(broker, None, 0)
    found = {(s.issuer, s.id): s for s in every if s.id.startswith(beginning.lower())}
    if len(found) != 1:
        told = "no signal" if not found else f"{len(found)} signals"
        raise ConfigurationError(f"{told} on {SIGNALS.name} begin with {beginning!r}")
    return next(iter(found.values()))


def _said(
    broker: "KafkaBroker", issuers: frozenset[str] | None, now: int
) -> "tuple[list[Signal], list[Verdict]]":
    """Return the signals on the topic, the newest of each matter; with `issuers`, those that these
    signed and that have not expired. Then all that people found."""
    from runtime.admission import Admission, RefusedSignalError, read
    from runtime.broker import Message, read_topic
    from schemas.signals import Signal

    admission = None if issuers is None else Admission(issuers)
    newest: dict[tuple[str, str], Signal] = {}
    verdicts: list[Verdict] = []

    def take(message: Message) -> None:
        try:
            record = read(message.value or b"")
            if isinstance(record, Signal) and admission is not None:
                admission.admit(record, now)
        except RefusedSignalError:
            return
        if not isinstance(record, Signal):
            verdicts.append(record)
            return
        known = newest.get((record.issuer, record.id))
        if known is None or known.seq < record.seq:
            newest[record.issuer, record.id] = record

    read_topic(broker, SIGNALS.name, take)
    return list(newest.values()), verdicts


def _broker(settings: "Settings") -> "KafkaBroker":
    from cli.wiring import connect

    return connect(settings, SIGNALS)
