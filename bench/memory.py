"""State: bytes per tracked key, garbage-collection pauses, snapshots written and read back."""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from statistics import median
from typing import Any

import msgspec
import orjson

from bench import traffic
from bench.loops.scoring import makers
from bench.place import Place
from bench.report import BrokenResultError, Figure, Section
from detectors.baseline import Counts, Prior, Sizes
from detectors.scorer import Scorer
from detectors.tail import NO_REFERENCE
from ingest.posture import PostureMemory
from runtime.state import StateStore
from schemas.operations import KeyState
from schemas.topics import DETECTOR_STATE

TITLE = "State"

KEYS = 100_000
ADDRESSES = 10_000_000
HOSTS = 300
LEARNED = 60


def measure(place: Place) -> Section:
    """Measure each in turn."""
    figures = [*_per_key(place), *_addresses(place), *_pauses(place), *_snapshots(place)]
    return Section(TITLE, tuple(figures))


def _addresses(place: Place) -> Iterator[Figure]:
    """Fill the memory of how accounts prepare with fresh accounts, up to what it was made for."""
    count = place.size(ADDRESSES)
    memory = PostureMemory(ADDRESSES)
    began = time.process_time()
    for number in range(count):
        memory.deployed(traffic.address(number), 1_600_000_000)
    each = (time.process_time() - began) / count * 1e6
    sample = range(0, count, max(1, count // 10_000))
    kept = sum(memory.of(traffic.address(n), 1_600_000_000) is not None for n in sample)
    if kept < 0.99 * len(sample):
        raise BrokenResultError(f"of {len(sample):,} accounts it remembers {kept:,}")
    note = f"{count:,} accounts entered, {kept / len(sample):.1%} of a sample remembered"
    yield Figure(
        "posture of ten million addresses", (memory.bytes / 2**30,), "GiB", "at most 2", note
    )
    yield Figure("an account's sign, entered", (each,), "us")


def _bytes_each(make: Callable[[int], object], count: int) -> float:
    """Return how many bytes each of so many objects holds."""
    gc.collect()
    tracemalloc.start()
    kept = [make(number) for number in range(count)]
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used / len(kept)


def _per_key(place: Place) -> Iterator[Figure]:
    prior = Prior(0.0, 1.0)

    def size(number: int) -> Sizes:
        baseline = Sizes(prior, 1.0)
        baseline.learn(float(number + 1), 1.0)
        return baseline

    def count(number: int) -> Counts:
        baseline = Counts(NO_REFERENCE)
        for value in range(20):
            baseline.learn(float(value % 4 + number % 3), 1.0)
        return baseline

    many = place.size(20_000)
    yield Figure("one size of one key", (_bytes_each(size, many),), "bytes", "at most 200")
    yield Figure("one count of one key", (_bytes_each(count, many),), "bytes")
    yield Figure(
        "a contract's events",
        (_bytes_each(_event_host, place.size(5_000)),),
        "bytes",
        note=f"{LEARNED} events learned: one size, the tail of its scores",
    )
    yield Figure(
        "a protocol, core set",
        (_bytes_each(_protocol_host, place.size(HOSTS)),),
        "bytes",
        note=f"{LEARNED} transactions learned: all features of three detectors, four tails",
    )


def _event_host(number: int) -> Scorer:
    host = _EVENT_MAKER.make(traffic.CHAIN, f"{traffic.address(number)}.p")
    for event in _EVENTS:
        host.take(event)
    return host


def _protocol_host(_number: int) -> Scorer:
    host = _MAKER.make(traffic.CHAIN, "p0")
    for tx in _TRANSACTIONS:
        host.take(tx)
    return host


_MAKER = makers()["transactions"]
_EVENT_MAKER = makers()["events"]
_DEEP = 65
"""Blocks: the first is final once the last is there."""
_TRANSACTIONS = [
    *islice(traffic.transactions(LEARNED, protocols=1, per_block=LEARNED), LEARNED),
    *islice(traffic.transactions(_DEEP + 1, protocols=1, per_block=1), _DEEP, None),
]
_EVENTS = [
    *traffic.events(LEARNED, protocols=1),
    msgspec.structs.replace(next(traffic.events(1, protocols=1)), block=_DEEP),
]


def _pauses(place: Place) -> Iterator[Figure]:
    """Full collections with many tracked keys, before and after `gc.freeze`."""
    kept: list[Any] = [_event_host(number) for number in range(place.size(40_000))]
    for name in ("before gc.freeze()", "after gc.freeze()"):
        if name.startswith("after"):
            gc.freeze()
        runs = []
        for _ in range(place.runs):
            began = time.perf_counter()
            gc.collect()
            runs.append((time.perf_counter() - began) * 1000)
        yield Figure(f"a full collection {name}", tuple(runs), "ms", note=f"{len(kept):,} keys")
    gc.unfreeze()


def _snapshots(place: Place) -> Iterator[Figure]:
    """Write every key's state to the broker, and read it back."""
    space, count = place.space(), place.size(KEYS)
    broker = place.broker(space)
    broker.create((DETECTOR_STATE,))
    store = StateStore(broker, broker.producer(), "bench")
    host = _event_host(1)
    began = time.perf_counter()
    for number in range(count):
        _write(store, f"{traffic.address(number)}.p", 0, host)
    store.flush()
    store.mark({0: (1, {})})
    store.flush()
    saved = time.perf_counter() - began
    began = time.perf_counter()
    found = store.restore(0)
    for key, read in found.keys.items():
        _EVENT_MAKER.make(read.state["chain"], key).load(read.state["host"])
    restored = time.perf_counter() - began
    if len(found.keys) != count:
        raise BrokenResultError(f"{len(found.keys)} of {count} keys came back")
    note = f"measured over {count:,} keys of one partition, told for a million"
    yield Figure("snapshot of a million keys", (saved / count * 1e6,), "s", note=note)
    yield Figure("restoring a million keys", (restored / count * 1e6,), "s", note=note)
    yield from _busy(place, store)


def _busy(place: Place, store: StateStore) -> Iterator[Figure]:
    """What one protocol's state takes while much of it waits to be learned."""
    host = _MAKER.make(traffic.CHAIN, "p0")
    for tx in traffic.transactions(400, protocols=1, per_block=40):
        host.take(tx)
    times = []
    for number in range(place.size(200)):
        began = time.perf_counter()
        _write(store, f"p{number}", 1, host)
        times.append((time.perf_counter() - began) * 1000)
    store.flush()
    note = f"{len(host.dump()['waiting'])} transactions wait, {len(host.written()):,} bytes"
    yield Figure("a busy protocol's state, written", (median(times),), "ms", note=note)


def _write(store: StateStore, key: str, partition: int, host: Scorer) -> None:
    """Write one key's state as the detect service does."""
    held = orjson.Fragment(host.written())
    text = orjson.dumps({"chain": traffic.CHAIN, "layout": host.layout, "host": held})
    store.write(KeyState(set="bench", key=key, partition=partition, offset=1, state={}), text)
