"""The detect loop with the core set, beside the loops that others would write.

One topic, one run, one scoring: what differs is the loop around it. Each is a process of its own;
its figure is records per second of that process' processor time, all its threads included. All
write the same alerts, or the result is broken.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from bench import quix, traffic
from bench.place import Place
from bench.report import BrokenResultError, Figure, Section
from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from schemas.alerts import Alert
from schemas.chain import Event, Transaction
from schemas.codec import decode_from, encode
from schemas.topics import ALERTS, DEAD_LETTERS, EVENTS, TRANSACTIONS, TopicSpec

TITLE = "Detect loop"

Keyed = tuple[str, Transaction | Event]

FULL = {"transactions": 40_000, "events": 400_000}
RIVALS = {"aiokafka": "aiokafka_loop", "faust": "faust_loop", "quix": "quix_loop"}


def fill(broker: KafkaBroker, spec: TopicSpec, records: Iterable[Keyed]) -> int:
    """Write records under their keys; return how many.

    Each block is kept before the next is sent, as ingest does it: else it is how busy the machine
    is that decides how many records the log has in a batch, and that weighs on each loop otherwise.
    """
    producer, count = broker.producer(), 0
    for _, block in groupby(records, key=lambda keyed: keyed[1].block):
        for key, record in block:
            producer.send(spec.name, encode(record), key=key.encode())
            count += 1
        producer.flush()
    return count


def source(kind: str, count: int) -> tuple[TopicSpec, Iterator[Keyed]]:
    """Return the topic of a kind of records, and so many of them."""
    if kind == "transactions":
        return TRANSACTIONS, ((tx.protocol, tx) for tx in traffic.transactions(count))
    return EVENTS, ((event.contract, event) for event in traffic.events(count))


def alerts(broker: KafkaBroker, name: str) -> tuple[int, str]:
    """Return how many alerts a topic holds, and the digest over all of them in order of id."""
    found: dict[str, bytes] = {}

    def take(message: Message) -> None:
        value = message.value or b""
        record = decode_from(ALERTS, value)
        if isinstance(record, Alert):
            found[record.id] = value

    for number in range(broker.partitions(name)):
        read_all(broker, Partition(name, number), take)
    joined = b"\n".join(value for _, value in sorted(found.items()))
    return len(found), hashlib.sha256(joined).hexdigest()


def measure(place: Place) -> Section:
    """Run every loop over the same topic."""
    figures: list[Figure] = []
    skipped: list[str] = []
    for kind in FULL:
        figures += _compare(place, kind, skipped)
    return Section(TITLE, tuple(figures), tuple(skipped))


def _compare(place: Place, kind: str, skipped: list[str]) -> Iterator[Figure]:
    space = place.space()
    broker = place.broker(space)
    spec, records = source(kind, place.size(FULL[kind]))
    broker.create((spec, ALERTS, DEAD_LETTERS))
    broker.create(replace(ALERTS, name=f"alerts-{kind}-{name}") for name in RIVALS)
    count = fill(broker, spec, records)
    rates: dict[str, list[float]] = {}
    walls: dict[str, list[float]] = {}
    expected = (0, "")
    for run in range(place.runs):
        for name, found in _loops(place, (space, kind, count, run), skipped):
            rates.setdefault(name, []).append(count / found["cpu"])
            walls.setdefault(name, []).append(count / found["wall"])
            space_of_alerts = ALERTS.name if name == "ours" else f"alerts-{kind}-{name}"
            told = alerts(broker, space_of_alerts)
            if name == "ours":
                expected = told
            elif told != expected:
                raise BrokenResultError(f"{name} gives {told[0]} alerts, ours {expected[0]}")
    for name, runs in rates.items():
        note = f"{count:,} records, {expected[0]} alerts, digests equal" if name == "ours" else ""
        aim = {"transactions": "20,000", "events": "150,000"}[kind] if name == "ours" else ""
        yield Figure(f"{kind}, {name}", tuple(runs), "records/s per core", aim, note)
    yield Figure(f"{kind}, ours, broker on the same cores", tuple(walls["ours"]), "records/s")
    for name, runs in rates.items():
        if name != "ours":
            ratios = tuple(a / b for a, b in zip(rates["ours"], runs, strict=True))
            aim = "at least 15" if name == "faust" else "more than 1"
            yield Figure(f"{kind}, ours over {name}", ratios, "times", aim)


def _loops(
    place: Place, asked: tuple[str, str, int, int], skipped: list[str]
) -> Iterator[tuple[str, dict[str, float]]]:
    arguments = (place.bootstrap, *asked)
    yield "ours", place.child("bench.loops.own", *arguments)
    for name, module in RIVALS.items():
        python = None
        if name == "quix":
            try:
                python = quix.python(place)
            except quix.NotAvailableError as error:
                if (reason := f"Quix Streams: {error}") not in skipped:
                    skipped.append(reason)
                continue
        yield name, place.child(f"bench.loops.{module}", *arguments, python=python)
