"""Two processes against one, the time a rebalance takes, and an hour's lag.

Both processes, the broker and whatever else runs share this machine's cores, so the gain is bounded
by what one process and the broker leave of them; `cores` in the head of the report says how many
there are.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import traffic
from bench.detect import fill, source
from bench.place import Place
from bench.report import Figure, Section
from bench.services import until
from runtime.broker import Offsets, Partition
from runtime.kafka import KafkaBroker
from schemas.topics import ALERTS, DEAD_LETTERS, DETECTOR_STATE, TRANSACTIONS

TITLE = "Scale and recovery"

RECORDS = 40_000
HOUR = traffic.PER_DAY // 24


def measure(place: Place) -> Section:
    """Measure each in turn."""
    return Section(TITLE, (*_processes(place), *_rebalances(place), *_catch_up(place)))


def _processes(place: Place) -> Iterator[Figure]:
    space = place.space()
    broker = place.broker(space)
    spec, records = source("transactions", place.size(RECORDS))
    broker.create((spec, ALERTS, DEAD_LETTERS))
    count = fill(broker, spec, records)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for run in range(place.runs):
        for members, measured in rates.items():
            measured.append(_together(place, (space, f"{run}-{members}", count), members))
    for members, runs in rates.items():
        yield Figure(f"{members} process(es), same topic", tuple(runs), "records/s")
    gains = tuple(two / one for one, two in zip(rates[1], rates[2], strict=True))
    yield Figure("two over one", gains, "times", "at least 1.7 where cores allow")


def _together(place: Place, asked: tuple[str, str, int], members: int) -> float:
    """Let so many processes share a group; return records per second from the first to the last."""
    space, group, count = asked
    folder = place.folder / f"{space}{group}"
    folder.mkdir()
    started = [
        place.start(
            "bench.loops.member", place.bootstrap, space, "transactions", count, group, folder
        )
        for _ in range(members)
    ]
    until(lambda: _ready(folder, TRANSACTIONS.partitions, members), "the group to settle")
    (folder / "go").touch()
    found = [place.outcome(process, "bench.loops.member") for process in started]
    worked = [member for member in found if member["done"]]
    wall = max(member["end"] for member in worked) - min(member["begin"] for member in worked)
    return count / float(wall)


def _ready(folder: Path, partitions: int, members: int) -> bool:
    """Say whether all members are there and together own every partition."""
    time.sleep(0.05)
    owned = [int(path.read_text() or 0) for path in folder.glob("owned-*")]
    return len(owned) == members and sum(owned) == partitions and all(owned)


class _Watcher:
    """A member that only says what it owns."""

    def __init__(self) -> None:
        self.owned: set[Partition] = set()

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Take note."""
        self.owned |= set(partitions)
        return {}

    def revoked(self, partitions: Sequence[Partition]) -> None:
        """Take note."""
        self.owned -= set(partitions)

    lost = revoked


class _Member:
    """A group member in a thread."""

    def __init__(self, broker: KafkaBroker) -> None:
        self.watcher = _Watcher()
        self._stop = threading.Event()
        self._consumer = broker.consumer("watchers")
        self._consumer.subscribe((TRANSACTIONS.name,), self.watcher)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._consumer.fetch(100, 0.02)
        self._consumer.close()

    def leave(self) -> None:
        """Leave the group."""
        self._stop.set()
        self._thread.join()


def _rebalances(place: Place) -> Iterator[Figure]:
    broker = place.broker(place.space())
    broker.create((TRANSACTIONS,))
    first, all_of_them = _Member(broker), TRANSACTIONS.partitions
    until(lambda: len(first.watcher.owned) == all_of_them, "the first member")
    joined, left = [], []
    for _ in range(place.runs):
        second: list[_Member] = []
        joined.append(
            _timed(
                lambda: second.append(_Member(broker)),  # noqa: B023 - used within the round
                lambda: len(second[0].watcher.owned) == all_of_them // 2,  # noqa: B023 - likewise
            )
        )
        left.append(_timed(second[0].leave, lambda: len(first.watcher.owned) == all_of_them))
    first.leave()
    note = f"{all_of_them} partitions, cooperative"
    yield Figure("rebalance when a process joins", tuple(joined), "s", note=note)
    yield Figure("rebalance when a process leaves", tuple(left), "s")


def _timed(act: Callable[[], object], done: Callable[[], bool]) -> float:
    began = time.perf_counter()
    act()

    def look() -> bool:
        time.sleep(0.005)
        return done()

    until(look, "a rebalance")
    return time.perf_counter() - began


def _catch_up(place: Place) -> Iterator[Figure]:
    space = place.space()
    broker = place.broker(space)
    lag = place.size(HOUR)
    spec, records = source("transactions", lag)
    broker.create((spec, ALERTS, DEAD_LETTERS, DETECTOR_STATE))
    fill(broker, spec, records)
    found = place.child("bench.loops.own", place.bootstrap, space, "transactions", lag, 0)
    yield Figure(
        "catching up after an hour of mainnet",
        (found["wall"] * HOUR / lag,),
        "s",
        note=f"{HOUR:,} transactions, one process, snapshots on",
    )
