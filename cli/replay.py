"""`firebreak replay`: let a detector set look at history again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from schemas.topics import ALERTS, DEAD_LETTERS, TRANSACTIONS

if TYPE_CHECKING:
    from runtime.broker import Broker, Message, Producer
    from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Comparison:
    """The alerts of a replay beside those that stand on the live topic."""

    records: int
    topic: str
    same: int
    """Equal byte for byte."""
    different: int
    """Equal in name, not in content: the state, the detectors or the rules were others."""
    only_replayed: int
    only_live: int


def replay(
    start: Annotated[
        str, typer.Option("--from", help="beginning, an offset, or an ISO 8601 time.")
    ] = "beginning",
    end: Annotated[str, typer.Option("--to", help="end, an offset, or an ISO 8601 time.")] = "end",
    set_name: Annotated[str, typer.Option("--set", help="Which detector set to run.")] = "core",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Score a stretch of transactions again and compare its alerts with the live ones.

    Starts from the shipped priors alone, belongs to no consumer group, writes to topics of its own
    and holds no signing key, so that nobody can act on what it finds.
    """
    import orjson

    from cli.wiring import connect, read_settings

    settings = read_settings()
    live = connect(settings, TRANSACTIONS, ALERTS)
    space = f"{settings.kafka.namespace}replay-{datetime.now(UTC):%Y%m%dT%H%M%S}".replace(".", "-")
    output = connect(settings, namespace=f"{space}.")
    output.create((ALERTS, DEAD_LETTERS))
    console = Console(stderr=True)
    records = _score_again(settings, live, output.producer(), set_name, (start, end), console)
    found = _compare(_alerts(live), _alerts(output), records, f"{space}.{ALERTS.name}")
    if as_json:
        typer.echo(orjson.dumps(asdict(found)).decode())
        return
    console.print(
        f"{found.records:,} records read again; alerts on {found.topic}: {found.same} as they "
        f"were, {found.different} different, {found.only_replayed} only in the replay, "
        f"{found.only_live} only live",
        highlight=False,
    )


def _score_again(
    settings: "Settings",
    live: "Broker",
    producer: "Producer",
    set_name: str,
    bounds: tuple[str, str],
    console: Console,
) -> int:
    from cli.wiring import read_manifests
    from detectors.publisher import Publisher
    from detectors.service import DetectTask
    from detectors.sets import HostMaker, load_set
    from runtime import replay as history
    from runtime.clock import SystemClock
    from runtime.intake import Intake
    from runtime.metrics import Metrics

    metrics = Metrics()
    names = settings.detect.names(set_name)
    detectors = load_set(names, settings.detect.allowed)
    task = DetectTask(
        Intake(producer, metrics, "replay"),
        Publisher(producer, SystemClock(), metrics, signer=None),
        HostMaker(set_name, detectors, read_manifests(settings), settings.finality_of),
        metrics,
        store=None,
    )
    stretch = history.stretch(live, TRANSACTIONS.name, *bounds)
    task.assigned(list(stretch))
    with Progress(console=console, transient=True) as progress:
        total = sum(last - first for first, last in stretch.values())
        bar = progress.add_task("replaying", total=total)

        def take(batch: "Sequence[Message]") -> None:
            task.process(batch)
            progress.advance(bar, len(batch))

        count = history.read(live, stretch, take)
    producer.close()
    return count


def _alerts(broker: "Broker") -> dict[str, bytes]:
    """Return every alert on a topic by its id; one raised twice counts once."""
    from runtime.broker import Partition, read_all
    from schemas.alerts import Alert
    from schemas.codec import decode_from

    found: dict[str, bytes] = {}

    def take(message: "Message") -> None:
        value = message.value or b""
        record = decode_from(ALERTS, value)
        if isinstance(record, Alert):
            found[record.id] = value

    for number in range(broker.partitions(ALERTS.name)):
        read_all(broker, Partition(ALERTS.name, number), take)
    return found


def _compare(
    live: dict[str, bytes], replayed: dict[str, bytes], records: int, topic: str
) -> Comparison:
    both = live.keys() & replayed.keys()
    same = sum(live[name] == replayed[name] for name in both)
    return Comparison(
        records=records,
        topic=topic,
        same=same,
        different=len(both) - same,
        only_replayed=len(replayed.keys() - both),
        only_live=len(live.keys() - both),
    )
