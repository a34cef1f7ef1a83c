"""Replaying history from Kafka: how much faster than it happened.

A mainnet day is 1.08 million transactions (two recorded blocks of 2023 hold 149 each), 12.5 a
second. Here every one of them is scored, as if the whole chain were watched.
"""

from bench import traffic
from bench.detect import fill, source
from bench.place import Place
from bench.report import Figure, Section
from schemas.topics import ALERTS, DEAD_LETTERS

TITLE = "Replay of history"

RECORDS = 40_000


def measure(place: Place) -> Section:
    """Replay once per run, in a process of its own."""
    space = place.space()
    broker = place.broker(space)
    spec, records = source("transactions", place.size(RECORDS))
    broker.create((spec, ALERTS, DEAD_LETTERS))
    count = fill(broker, spec, records)
    happened = count / traffic.PER_DAY * 86_400
    found = [
        place.child("bench.loops.history", place.bootstrap, space, "transactions", count, run)
        for run in range(place.runs)
    ]
    walls = tuple(happened / run["wall"] for run in found)
    cores = tuple(happened / run["cpu"] for run in found)
    note = f"{count:,} transactions of {traffic.PER_DAY:,} a day"
    return Section(
        TITLE,
        (
            Figure("from Kafka, one process", walls, "times real time", "at least 2,000", note),
            Figure("from Kafka, per core", cores, "times real time"),
        ),
        ("from Parquet: comes with a later capability",),
    )
