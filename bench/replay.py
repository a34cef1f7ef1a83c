"""Replaying history from Kafka and from Parquet: how much faster than it happened.

A mainnet day is 1.08 million transactions (two recorded blocks of 2023 hold 149 each), 12.5 a
second, with three events each. Here every one of them is scored, as if the whole chain were
watched: as whole transactions by the core set, and as single events.
"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench import traffic
from bench.detect import fill, source
from bench.loops.own import Counted
from bench.loops.scoring import Meter
from bench.place import Place
from bench.report import BrokenResultError, Figure, Section
from detectors.replaying import state
from forensics.archive.keeper import Keeper
from runtime.clock import SystemClock
from runtime.kafka import KafkaBroker
from runtime.loop import Loop
from runtime.metrics import Metrics
from schemas.topics import ALERTS, DEAD_LETTERS

TITLE = "Replay of history"

RECORDS = {"transactions": 40_000, "events": 400_000}
PER_DAY = {"transactions": traffic.PER_DAY, "events": traffic.EVENTS_PER_DAY}

_LOOP = "bench.loops.history"
_FASTER = "times real time"


class _Run(NamedTuple):
    """Seconds, seconds of all processors, and the digest of what was learned."""

    wall: float
    cpu: float
    state: str


def measure(place: Place) -> Section:
    """Replay each kind once per run, in a process of its own."""
    return Section(TITLE, tuple(figure for kind in RECORDS for figure in _replays(place, kind)))


def _replays(place: Place, kind: str) -> Iterator[Figure]:
    space = place.space()
    broker = place.broker(space)
    spec, records = source(kind, place.size(RECORDS[kind]))
    broker.create((spec, ALERTS, DEAD_LETTERS))
    count = fill(broker, spec, records)
    happened = count / PER_DAY[kind] * 86_400
    folder = place.folder / f"archive-{kind}"
    archived = _archive(broker, spec.name, folder, count)
    arguments = (place.bootstrap, space, kind, count)
    origins: dict[str, tuple[Path, ...]] = {"Kafka": (), "Parquet": (folder,)}
    found: dict[tuple[str, int], list[_Run]] = {}
    for run in range(place.runs):
        for origin, where in origins.items():
            for processes in (1, 2):
                one = _together(place, (*arguments, run), processes, where)
                found.setdefault((origin, processes), []).append(one)
    states = {one.state for runs in found.values() for one in runs}
    if len(states) != 1:
        raise BrokenResultError(f"{len(states)} different states were learned from one history")
    note = f"{count:,} {kind} of {PER_DAY[kind]:,} a day"
    for (origin, processes), runs in found.items():
        walls = tuple(happened / one.wall for one in runs)
        cores = tuple(happened / one.cpu for one in runs)
        by = f"{kind} from {origin}, {'one process' if processes == 1 else 'two processes'}"
        yield Figure(by, walls, _FASTER, "at least 2,000", note)
        if processes == 1:
            yield Figure(f"{kind} from {origin}, per core", cores, _FASTER)
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    yield Figure(f"{kind} written to the archive", (count / archived,), "records/s")
    yield Figure(f"{kind}, a record in the archive", (size / count,), "bytes")


def _together(
    place: Place, asked: tuple[str, str, str, int, int], processes: int, where: tuple[Path, ...]
) -> _Run:
    """Replay once, by so many processes that share the partitions; the slowest counts."""
    started = [
        place.start(_LOOP, *asked, processes, process, *where) for process in range(processes)
    ]
    ended = [place.outcome(process, _LOOP) for process in started]
    learned = ((key, name) for one in ended for key, name in one["learned"])
    return _Run(max(one["wall"] for one in ended), sum(one["cpu"] for one in ended), state(learned))


def _archive(broker: KafkaBroker, topic: str, folder: Path, count: int) -> float:
    """Keep the topic in an archive; return the seconds that it took."""
    stop = threading.Event()
    keeper = Keeper(folder, broker, (topic,), Metrics())
    task = Counted(keeper, Meter(count), stop)
    began = time.perf_counter()
    Loop(broker.consumer("archive"), task, SystemClock()).run(stop)
    return time.perf_counter() - began
