"""`firebreak replay`: let a detector set look at history again."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from schemas.topics import ALERTS, DEAD_LETTERS

if TYPE_CHECKING:
    from runtime.broker import History, Message


@dataclass(frozen=True, slots=True)
class Comparison:
    """The alerts of a replay beside those of the same set that stand on the live topic."""

    records: int
    topic: str
    same: int
    """Equal byte for byte."""
    different: int
    """Equal in name, not in content: the state, the detectors or the rules were others."""
    only_replayed: int
    only_live: int
    state: str
    """Names all that the detectors had learned at the end; equal after equal records."""


def replay(  # noqa: PLR0913, PLR0917 - options of a command
    start: Annotated[
        str, typer.Option("--from", help="beginning, an offset, or an ISO 8601 time.")
    ] = "beginning",
    end: Annotated[str, typer.Option("--to", help="end, an offset, or an ISO 8601 time.")] = "end",
    set_name: Annotated[str, typer.Option("--set", help="Which detector set to run.")] = "core",
    events: Annotated[  # noqa: FBT002 - a command-line flag
        bool, typer.Option("--events", help="Score single events, not whole transactions.")
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option(help="Read from an archive's folder instead of the topics.", metavar="FOLDER"),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, help="How many processes share the partitions.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Score a stretch of transactions again and compare its alerts with those of then.

    Starts from the shipped priors alone, belongs to no consumer group, writes to topics of its own
    and holds no signing key, so that nobody can act on what it finds.
    """
    import orjson

    from cli.replay_processes import Order, at_once
    from cli.wiring import connect, past, read_settings, scorers
    from detectors.replaying import score_again, shares, state
    from runtime import replay as history

    settings = read_settings()
    maker = scorers(settings, set_name, events=events)
    live = past(settings, archive, maker.topic, ALERTS)
    space = f"{settings.kafka.namespace}replay-{datetime.now(UTC):%Y%m%dT%H%M%S}".replace(".", "-")
    output = connect(settings, namespace=f"{space}.")
    output.create((ALERTS, DEAD_LETTERS))
    console = Console(stderr=True)
    stretch = history.stretch(live, maker.topic.name, start, end)
    with Progress(console=console, transient=True) as progress:
        total = sum(last - first for first, last in stretch.values())
        bar = progress.add_task("replaying", total=total)

        def tell(count: int) -> None:
            progress.advance(bar, count)

        if len(parts := shares(stretch, processes)) > 1:
            order = Order(set_name, events, archive, f"{space}.")
            replayed = at_once(order, parts, tell)
        else:
            replayed = [score_again(live, stretch, maker, output.producer(), tell)]
    records = sum(one.records for one in replayed)
    learned = state(pair for one in replayed for pair in one.learned)
    before, now = (_alerts(source, maker.set_name) for source in (live, output))
    found = _compare(before, now, records, learned, f"{space}.{ALERTS.name}")
    if as_json:
        typer.echo(orjson.dumps(asdict(found)).decode())
        return
    console.print(
        f"{found.records:,} records read again; alerts on {found.topic}: {found.same} as they "
        f"were, {found.different} different, {found.only_replayed} only in the replay, "
        f"{found.only_live} only then; state {found.state[:16]}",
        highlight=False,
    )


def _alerts(broker: "History", set_name: str) -> dict[str, bytes]:
    """Return every alert of a set on a topic by its id; one raised twice counts once."""
    from runtime.broker import read_topic
    from schemas.alerts import Alert
    from schemas.codec import decode_from

    found: dict[str, bytes] = {}

    def take(message: "Message") -> None:
        value = message.value or b""
        record = decode_from(ALERTS, value)
        if isinstance(record, Alert) and record.set == set_name:
            found[record.id] = value

    read_topic(broker, ALERTS.name, take)
    return found


def _compare(
    live: dict[str, bytes], replayed: dict[str, bytes], records: int, state: str, topic: str
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
        state=state,
    )
