"""What every loop does with a record, and how it tells what it took."""

import json
import os
import resource
import sys
import time
from dataclasses import dataclass

from detectors.host import Host
from detectors.sets import HostMaker, load_set
from runtime.settings import CORE
from schemas.chain import Transaction
from schemas.codec import decode_from, encode
from schemas.topics import TRANSACTIONS

FINALITY = 64


@dataclass(frozen=True, slots=True)
class Job:
    """What a loop was asked to do."""

    bootstrap: str
    space: str
    kind: str
    count: int

    @property
    def topic(self) -> str:
        """The input, as the cluster names it."""
        return f"{self.space}{TRANSACTIONS.name}"

    def output(self, loop: str) -> str:
        """Return where this loop writes its alerts."""
        return f"{self.space}alerts-{loop}"


def job() -> Job:
    """Read the command line."""
    bootstrap, space, kind, count = sys.argv[1:5]
    return Job(bootstrap, space, kind, int(count))


def maker() -> HostMaker:
    """Return what makes hosts of the core set."""
    return HostMaker("core", load_set(CORE, CORE), {}, lambda _chain: FINALITY)


class TransactionScoring:
    """The core set over whole transactions."""

    def __init__(self) -> None:
        self._maker = maker()
        self._hosts: dict[str, Host] = {}

    def take(self, value: bytes) -> bytes | None:
        """Score one record; return the alert that it raises."""
        record = decode_from(TRANSACTIONS, value)
        if not isinstance(record, Transaction):
            return None
        host = self._hosts.get(record.protocol)
        if host is None:
            host = self._hosts[record.protocol] = self._maker.make(record.chain, record.protocol)
        alert = host.take(record)[1]
        return None if alert is None else encode(alert)


class Meter:
    """Measures from the first record to the last."""

    def __init__(self, count: int) -> None:
        self.left = count
        self._count = count
        self._began = (0.0, 0.0)

    def begin(self) -> None:
        """Note that the first records are here."""
        if self._began == (0.0, 0.0):
            self._began = (time.perf_counter(), time.process_time())

    def tell(self, **further: object) -> None:
        """Print what it took."""
        wall, cpu = (
            now - began
            for now, began in zip(
                (time.perf_counter(), time.process_time()), self._began, strict=True
            )
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        found = {"count": self._count, "wall": wall, "cpu": cpu, "peak": peak} | further
        os.write(1, json.dumps(found).encode() + b"\n")  # Faust redirects what Python calls stdout
