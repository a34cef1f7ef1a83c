"""`firebreak risk rederive` and `backtest`: whether what was told follows, and how good it is."""

from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.topics import ALERTS, INCIDENTS, RISK

SPLIT = date(2024, 1, 1)
"""Severity is fitted to the losses before, and judged by those after."""

if TYPE_CHECKING:
    from runtime.broker import Broker, Message
    from runtime.keepers import Keepers
    from runtime.signatures import Verifier
    from schemas.base import Record
    from schemas.risk import Risk, Source


def rederive(
    protocol: Annotated[str, typer.Argument(help="Whose records.")],
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest.")] = 100,
) -> None:
    """Compute records again from their own inputs, and hold these against the topics they are from.

    Exits with 1 if a figure is not what comes out, a topic says something else, or no key of
    console.risk_keys signed a record, where that is set.
    """
    from cli.wiring import connect, read_settings
    from runtime.keepers import keepers_of
    from runtime.signatures import verifier_of
    from underwriting import model
    from underwriting.rederive import differences, unfounded

    settings = read_settings()
    broker = connect(settings, RISK, ALERTS, INCIDENTS)
    parameters, wrong = model.load(settings.risk.model), 0
    keepers = keepers_of(settings.incidents.trusted_keys)
    tellers = verifier_of(settings.console.risk_keys)
    records = _records(broker, protocol, tellers)[-count:]
    if tellers is None:
        typer.echo("who signed them is not looked at: set console.risk_keys", err=True)
    for risk, unsigned in records:
        found = [
            *unsigned,
            *differences(risk, parameters),
            *unfounded(risk, lambda at: _read(broker, at, keepers)),
        ]
        wrong += bool(found)
        typer.echo(f"block {risk.block} {risk.id[:12]}: {'; '.join(found) or 'equal'}")
    typer.echo(f"{len(records) - wrong} of {len(records)} records are what their inputs give")
    if wrong or not records:
        raise typer.Exit(1)


def backtest(
    data: Annotated[Path, typer.Argument(help="A folder of recorded incidents and histories.")],
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
) -> None:
    """Say how good the probabilities are on what was recorded: scores against the base rate."""
    from cli.risk_records import incidents, seen, windows
    from underwriting.backtest import (
        days,
        exceedances,
        follow_of,
        forecasts,
        quarters,
        reliability,
        scores,
    )

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
    recorded = incidents(data)
    for unsure in (1.0, 2.0):
        found = quarters(recorded.dates, unsure)
        inside = sum(one.low <= one.recorded <= one.high for one in found)
        typer.echo(
            f"incidents a quarter: {inside} of {len(found)} within the 90 % forecast, the rate "
            f"taken to be off by {unsure:g} times at most"
        )
    for one in exceedances(*_split(recorded.dated)):
        typer.echo(
            f"losses from {SPLIT.year} on beyond what {one.share:.0%} should exceed: {one.beyond} "
            f"of {one.losses} ({one.low} to {one.high} expected, 90 %)"
        )
    for line in problems:
        typer.echo(line, err=True)


def _split(dated: list[tuple[date, float]]) -> tuple[list[float], list[float]]:
    """Return the losses before `SPLIT`, and from it on."""
    return [loss for day, loss in dated if day < SPLIT], [x for day, x in dated if day >= SPLIT]


def _records(
    broker: "Broker", protocol: str, tellers: "Verifier | None"
) -> "list[tuple[Risk, list[str]]]":
    """Return a protocol's records, each with why it is not believed to be the service's."""
    from runtime.broker import Message, read_topic
    from schemas.codec import decode
    from schemas.errors import PoisonRecordError
    from schemas.risk import Risk

    found: list[tuple[Risk, list[str]]] = []

    def take(message: Message) -> None:
        if message.key == protocol.encode():
            try:
                risk = decode(message.value or b"", Risk)
            except PoisonRecordError as error:
                typer.echo(f"[{message.partition}] offset {message.offset}: {error}", err=True)
                return
            found.append((risk, _unsigned(message, risk, tellers)))

    read_topic(broker, RISK.name, take)
    return sorted(found, key=lambda one: one[0].at)


def _unsigned(message: "Message", risk: "Risk", tellers: "Verifier | None") -> list[str]:
    from schemas.errors import PoisonRecordError

    if tellers is None:
        return []
    try:
        tellers.require(message, risk.chain, risk.block)
    except PoisonRecordError as error:
        return [str(error)]
    return []


def _read(broker: "Broker", at: "Source", keepers: "Keepers") -> "Record | None":
    """Return the record at a place of a topic, None where it is not kept any more or nobody's."""
    from runtime.broker import Partition
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
                return _believed(message, keepers)
    return None


def _believed(message: "Message", keepers: "Keepers") -> "Record | None":
    from schemas.codec import decode_from
    from schemas.errors import PoisonRecordError
    from schemas.topics import TOPICS

    try:
        if message.topic == INCIDENTS.name:
            return keepers.read(message)
        record: Record = decode_from(TOPICS[message.topic], message.value or b"")
    except PoisonRecordError:
        return None
    return record
