"""What the floor is, and how far above it each stage of the detect loop stands.

Processor time per record, stage by stage: reading by the client library alone (system calls and C),
the broker port, decoding, features, everything that a host does, and the whole loop. Beside it what
nothing written in Python can do without: parsing the bytes, and one call per record.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson

from bench.detect import FULL, fill, source
from bench.loops.scoring import makers
from bench.place import Place
from bench.report import Figure, Section
from detectors.scorer import Scorer, ScorerMaker
from schemas.codec import encode, reader
from schemas.topics import ALERTS, DEAD_LETTERS

TITLE = "The floor, and the stages above it"


def measure(place: Place) -> Section:
    """Take both kinds of records through every stage."""
    return Section(TITLE, tuple(f for kind in FULL for f in _stages(place, kind)))


def _stages(place: Place, kind: str) -> Iterator[Figure]:
    space, count = place.space(), place.size(FULL[kind]) // 2
    broker = place.broker(space)
    spec, records = source(kind, count)
    broker.create((spec, ALERTS, DEAD_LETTERS))
    keyed = list(records)
    values = [encode(record) for _, record in keyed]
    fill(broker, spec, keyed)
    maker = makers()[kind]
    read = reader(spec)
    stages: dict[str, Callable[[int], float]] = {
        "floor: one Python call": lambda _: _timed(values, len),
        "floor: JSON to plain objects (orjson)": lambda _: _timed(values, orjson.loads),
        "decode: JSON to a checked record": lambda _: _timed(values, read),
        "decode, features, score, learn": lambda _: _timed(values, _scored(maker, read)),
        "read: client library alone": lambda run: _child(
            place, "raw", (space, kind, count, run, "client")
        ),
        "read: through the broker port": lambda run: _child(
            place, "raw", (space, kind, count, run, "port")
        ),
        "the whole loop": lambda run: _child(place, "own", (space, kind, count, run)),
    }
    size = sum(map(len, values)) // count
    for name, take in stages.items():
        runs = tuple(take(run) for run in range(place.runs))
        note = f"{size:,} bytes each" if name.startswith("floor: JSON") else ""
        yield Figure(f"{kind}, {name}", runs, "us/record", note=note)


def _timed(values: Sequence[bytes], work: Callable[[bytes], Any]) -> float:
    began = time.process_time()
    for value in values:
        work(value)
    return (time.process_time() - began) / len(values) * 1e6


def _scored(maker: ScorerMaker, read: Callable[[bytes], Any]) -> Callable[[bytes], object]:
    hosts: dict[str, Scorer] = {}

    def take(value: bytes) -> object:
        record = read(value)
        key = maker.key(record)
        host = hosts.get(key)
        if host is None:
            host = hosts[key] = maker.make(record.chain, key)
        return host.take(record)

    return take


def _child(place: Place, module: str, arguments: Iterable[object]) -> float:
    found = place.child(f"bench.loops.{module}", place.bootstrap, *arguments)
    return float(found["cpu"] / found["count"] * 1e6)
