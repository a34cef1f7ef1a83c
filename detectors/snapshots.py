"""How state reaches its snapshot: a few keys at a time, so that no record waits for the others.

A sweep writes every key that had changed when it began, in slices between batches. A key's record
says up to which offset its state goes; the partition's mark moves to where the sweep began once all
of it is kept. A restart reads from the mark and lets each key skip what its own record covers, so a
sweep that was cut short costs reading again, and nothing else. Since what waits to be learned makes
a state many times the size of the records that changed it, a sweep begins once as many records are
there as are read again in a moment, or after a while.

An alert must be kept before the state that has it behind itself: else a crash between the two would
lose it; and the states before the mark that speaks for them. Each step is therefore taken only
while nothing waits to be acknowledged; only a sweep that does not get on waits for that.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from detectors.publisher import Publisher
from detectors.scorer import Scorer
from runtime.broker import Offsets
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.state import StateStore
from schemas.errors import UnsafeToContinueError
from schemas.operations import KeyState
from schemas.topics import DETECTOR_STATE

_log = logger(__name__)

SHARE_OF_TIME = 0.1
"""Of the time since the last slice, what the next may take; at least `SHORTEST`."""
SHORTEST = 0.001
"""Seconds of a slice. One key is always written whole, however long it takes."""
SWEEP_RECORDS, SWEEP_SECONDS = 500, 300.0
"""Records of a partition since its last sweep, or seconds if there are any, after which the next
begins, once it is asked how far all was scored. The first of a process begins at once."""
PATIENCE = 30.0
"""Seconds after which acknowledgements are waited for, rather than for a moment without any."""

MAX_STATE_BYTES = DETECTOR_STATE.max_bytes - 64 * 1024
"""What one protocol's state may take in a snapshot, beside what is said about it."""
MAX_CUTS = 100
"""Times that a state is cut before that is hopeless: what waits is halved, detectors emptied."""


@dataclass(slots=True)
class Sweep:
    """What is still to be written of one partition before its mark may move."""

    offset: int
    """Every key is covered up to here once all are written."""
    heads: dict[str, int]
    left: list[str]
    """The keys, the last first."""
    began: float
    marked: bool = False
    """Whether the mark was sent, all keys being kept by then."""
    kept: bool = False
    """Whether that is kept as well."""


@dataclass(slots=True)
class Share:
    """What this process holds of one partition."""

    hosts: dict[str, Scorer] = field(default_factory=dict)
    covered: dict[str, int] = field(default_factory=dict)
    """Per key: input below this offset is in its state already."""
    changed: dict[str, int] = field(default_factory=dict)
    """Per key that its snapshot lags behind: the offset after the newest record in its state."""
    told: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Per key: the records learned and the records turned away that the metrics know of."""
    heads: dict[str, int] = field(default_factory=dict)
    """The newest block of each chain."""
    reached: tuple[int, dict[str, int]] | None = None
    """The offset up to which all was scored when last asked, and the heads there."""
    sweep: Sweep | None = None
    """The newest: under way, or kept."""
    marked: bool = False
    """Whether there is a snapshot. Before, a group's position would say that there had been one."""


class Snapshots:
    """Writes the states of one set's keys. Without a store it only brings the metrics up."""

    def __init__(
        self,
        set_name: str,
        publisher: Publisher,
        metrics: Metrics,
        store: StateStore | None,
        report: Callable[[Scorer, str], None],
    ) -> None:
        """`report` is told of each host that was written, since writing may show faults."""
        self._set = set_name
        self._publisher = publisher
        self._metrics = metrics
        self._store = store
        self._report = report
        self._learned = metrics.learned.labels(set_name)
        self._unlearned = metrics.unlearned.labels(set_name)
        self._last = self._settled = time.perf_counter()

    def whole(self, shares: Mapping[int, Share], offsets: Offsets) -> None:
        """Write all that changed, wait until it is kept, and move the marks to these offsets."""
        self._publisher.flush()
        for partition in offsets:
            share = shares[partition.number]
            for key in sorted(share.changed):
                self._write(partition.number, share, key)
            share.sweep = None
        if self._store is not None:
            self._store.flush()
            self._store.mark({p.number: (at, shares[p.number].heads) for p, at in offsets.items()})
            self._store.flush()

    def slice(self, shares: Mapping[int, Share]) -> None:
        """Begin the sweeps that are due; bring those under way a step further, if nothing waits."""
        now = time.perf_counter()
        until = now + max(SHORTEST, SHARE_OF_TIME * (now - self._last))
        self._last = now
        for share in shares.values():
            if share.reached is not None and _is_due(share.sweep, share.reached[0], now):
                share.sweep = Sweep(*share.reached, sorted(share.changed, reverse=True), now)
        under_way = [
            (number, share, sweep)
            for number, share in shares.items()
            if (sweep := share.sweep) is not None and not sweep.kept
        ]
        if not under_way:
            return
        under_way.sort(key=lambda entry: entry[2].began)
        if not self._kept():
            if now - under_way[0][2].began < PATIENCE:
                return
            self._wait()
        with self._metrics.checkpoint_seconds.time():
            self._advance(under_way, until)

    def _kept(self) -> bool:
        """Say whether all that was sent is kept."""
        return self._publisher.settled() and (self._store is None or self._store.settled())

    def _wait(self) -> None:
        """Wait until all that was sent is kept; no record is scored meanwhile."""
        with self._metrics.checkpoint_seconds.time():
            self._publisher.flush()
            if self._store is not None:
                self._store.flush()

    def _advance(self, under_way: Sequence[tuple[int, Share, Sweep]], until: float) -> None:
        """Take what is kept for kept, mark what is whole, and write keys until it is time for
        records again, one at least."""
        for number, share, sweep in under_way:
            if sweep.marked:
                sweep.kept = share.marked = True
                self._metrics.sweep_seconds.observe(time.perf_counter() - sweep.began)
            elif not sweep.left:
                sweep.marked = True
                if self._store is not None:
                    self._store.mark({number: (sweep.offset, sweep.heads)})
        for number, share, sweep in under_way:
            while sweep.left:
                key = sweep.left.pop()
                if key in share.changed:
                    self._write(number, share, key)
                if time.perf_counter() >= until:
                    return

    def settle(self, shares: Mapping[int, Share], offsets: Offsets) -> Offsets:
        """Return up to where the group may be said to have come: alerts are kept, and what the
        snapshot lacks is read again by whoever comes after. Nothing, while alerts are on their way;
        they are waited for in the end."""
        for partition, offset in offsets.items():
            share = shares[partition.number]
            share.reached = (offset, dict(share.heads))
        now = time.perf_counter()
        if not self._publisher.settled():
            if now - self._settled < PATIENCE:
                return {}
            self._wait()
        self._settled = now
        return {p: offset for p, offset in offsets.items() if shares[p.number].marked}

    def _write(self, partition: int, share: Share, key: str) -> None:
        host, offset = share.hosts[key], share.changed.pop(key)
        if self._store is not None:
            held = orjson.Fragment(self._fitting(key, host))
            text = orjson.dumps({"chain": host.chain, "layout": host.layout, "host": held})
            self._store.write(
                KeyState(set=self._set, key=key, partition=partition, offset=offset, state={}), text
            )
        self._report(host, "snapshot")
        learned, away = share.told.get(key, (0, 0))
        self._learned.inc(host.learned - learned)
        self._unlearned.inc(host.turned_away - away)
        share.told[key] = (host.learned, host.turned_away)

    def _fitting(self, key: str, host: Scorer) -> bytes:
        """Return a host's state as JSON, cut until a snapshot can hold it."""
        for _ in range(MAX_CUTS):
            text = host.written()
            if len(text) <= MAX_STATE_BYTES:
                return text
            _log.error("state_too_large", protocol=key, given_up=host.shrink())
            self._metrics.shrunk.labels(self._set).inc()
        raise UnsafeToContinueError(
            f"the state of {key} does not fit into a snapshot even with everything given up that "
            f"can be; run the set {self._set} with fewer detectors"
        )


def _is_due(last: Sweep | None, reached: int, now: float) -> bool:
    """Say whether the next sweep may begin."""
    if last is None:
        return True
    ahead = reached - last.offset
    return last.kept and (
        ahead >= SWEEP_RECORDS or (ahead > 0 and now - last.began >= SWEEP_SECONDS)
    )
