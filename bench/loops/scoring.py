"""What every loop does with a record, and how it tells what it took."""

import json
import os
import resource
import sys
import time
from dataclasses import dataclass

from detectors.scorer import Scorer, ScorerMaker
from detectors.sets import EventHostMaker, HostMaker, load_set
from runtime.settings import CORE
from schemas.codec import encode, reader
from schemas.topics import EVENTS, TRANSACTIONS

FINALITY = 8
"""Blocks; few, so that a short run too learns most of what it reads, and alerts."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a loop was asked to do."""

    bootstrap: str
    space: str
    kind: str
    count: int
    run: str
    """Tells groups of several runs over one topic apart."""

    @property
    def topic(self) -> str:
        """The input, as the cluster names it."""
        spec = EVENTS if self.kind == "events" else TRANSACTIONS
        return f"{self.space}{spec.name}"

    def group(self, loop: str) -> str:
        """Return the consumer group of a loop in this run, as the cluster names it."""
        return f"{self.space}{loop}-{self.kind}-{self.run}"

    def output(self, loop: str) -> str:
        """Return where this loop writes its alerts."""
        return f"{self.space}alerts-{self.kind}-{loop}"


def job() -> Job:
    """Read the command line."""
    bootstrap, space, kind, count, run = sys.argv[1:6]
    return Job(bootstrap, space, kind, int(count), run)


def maker() -> HostMaker:
    """Return what makes hosts of the core set."""
    return HostMaker("core", load_set(CORE, CORE), {}, _finality)


def makers() -> dict[str, ScorerMaker]:
    """Return what makes the hosts of each kind of records."""
    return {"transactions": maker(), "events": EventHostMaker({}, _finality)}


def _finality(_chain: str) -> int:
    return FINALITY


class Scoring:
    """Decodes a record and scores it, as the detect service does; without its loop."""

    def __init__(self, kind: str) -> None:
        self._maker = makers()[kind]
        self._read = reader(self._maker.topic)
        self._hosts: dict[str, Scorer] = {}

    def take(self, value: bytes) -> bytes | None:
        """Score one record; return the alert that it raises."""
        record = self._read(value)
        if not isinstance(record, self._maker.subject):
            return None
        key = self._maker.key(record)
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = self._maker.make(record.chain, key)
        alert = host.take(record)[1]
        return None if alert is None else encode(alert)


class Meter:
    """Measures from the first record to the last."""

    def __init__(self, count: int) -> None:
        self.left = count
        self._count = count
        self._began = self._ended = (0.0, 0.0)

    def begin(self) -> None:
        """Note that the first records are here."""
        if self._began == (0.0, 0.0):
            self._began = _now()

    def end(self) -> None:
        """Note that the last was taken, where something else is to follow."""
        self._ended = _now()

    def tell(self, **further: object) -> None:
        """Print what it took."""
        end = _now() if self._ended == (0.0, 0.0) else self._ended
        wall, cpu = (ended - began for ended, began in zip(end, self._began, strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        found = {"count": self._count, "wall": wall, "cpu": cpu, "peak": peak} | further
        os.write(1, json.dumps(found).encode() + b"\n")  # Faust redirects what Python calls stdout


def _now() -> tuple[float, float]:
    """Return the time and what this process has used of it."""
    return time.perf_counter(), time.process_time()
