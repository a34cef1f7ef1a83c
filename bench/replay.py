"""Replaying history from Kafka and from Parquet: how much faster than it happened.

A mainnet day is 1.08 million transactions (two recorded blocks of 2023 hold 149 each), 12.5 a
second. Here every one of them is scored, as if the whole chain were watched.
"""

import threading
import time
from pathlib import Path
from typing import Any

from bench import traffic
from bench.detect import fill, source
from bench.loops.own import Counted
from bench.loops.scoring import Meter
from bench.place import Place
from bench.report import BrokenResultError, Figure, Section
from forensics.archive.keeper import Keeper
from runtime.clock import SystemClock
from runtime.kafka import KafkaBroker
from runtime.loop import Loop
from runtime.metrics import Metrics
from schemas.topics import ALERTS, DEAD_LETTERS

TITLE = "Replay of history"

RECORDS = 40_000

_LOOP = "bench.loops.history"
_FASTER = "times real time"


def measure(place: Place) -> Section:
    """Replay once per run, in a process of its own."""
    space = place.space()
    broker = place.broker(space)
    spec, records = source("transactions", place.size(RECORDS))
    broker.create((spec, ALERTS, DEAD_LETTERS))
    count = fill(broker, spec, records)
    happened = count / traffic.PER_DAY * 86_400
    folder = place.folder / "archive"
    archived = _archive(broker, spec.name, folder, count)
    arguments = (place.bootstrap, space, "transactions", count)
    found: dict[str, list[dict[str, Any]]] = {"Kafka": [], "Parquet": []}
    for run in range(place.runs):
        found["Kafka"].append(place.child(_LOOP, *arguments, run))
        found["Parquet"].append(place.child(_LOOP, *arguments, run, folder))
    states = {run["state"] for runs in found.values() for run in runs}
    if len(states) != 1:
        raise BrokenResultError(f"{len(states)} different states were learned from one history")
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    note = f"{count:,} transactions of {traffic.PER_DAY:,} a day"
    figures = []
    for origin, runs in found.items():
        walls = tuple(happened / run["wall"] for run in runs)
        cores = tuple(happened / run["cpu"] for run in runs)
        figures += [
            Figure(f"from {origin}, one process", walls, _FASTER, "at least 2,000", note),
            Figure(f"from {origin}, per core", cores, _FASTER),
        ]
    return Section(
        TITLE,
        (
            *figures,
            Figure("written to the archive", (count / archived,), "records/s"),
            Figure("a record in the archive", (size / count,), "bytes"),
        ),
    )


def _archive(broker: KafkaBroker, topic: str, folder: Path, count: int) -> float:
    """Keep the topic in an archive; return the seconds that it took."""
    stop = threading.Event()
    keeper = Keeper(folder, broker, (topic,), Metrics())
    task = Counted(keeper, Meter(count), stop)
    began = time.perf_counter()
    Loop(broker.consumer("archive"), task, SystemClock()).run(stop)
    return time.perf_counter() - began
