"""`firebreak`, which dies at its n-th operation: `mortal.py N COMMAND...`.

Operations are what a crash may come between: a record handed to a producer, a flush, records
fetched, a commit, a write of the journal or the log; each counts twice, before and after. The
death is SIGKILL, so nothing is cleaned up. The same N dies at the same line, which a timer never
would.

`FAULTS_POINTS` names the classes whose operations count; `FAULTS_CLOCK` sets this process' wall
clock wrong by so many seconds; `FAULTS_FILE_BYTES` bounds every file that it writes, as a full disk
would.
"""

import functools
import inspect
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any

from aiokafka import (  # type: ignore[import-untyped]  # ships no types
    AIOKafkaConsumer,
    AIOKafkaProducer,
)

from forensics.record.log_writer import LogWriter
from responders.journal import Journal
from runtime.clock import SystemClock
from runtime.kafka_consumer import KafkaConsumer
from runtime.kafka_producer import KafkaProducer

POINTS: dict[type, tuple[str, ...]] = {
    KafkaProducer: ("send", "flush"),
    KafkaConsumer: ("fetch", "commit", "commit_soon"),
    Journal: ("append",),
    LogWriter: ("append", "seal"),
    AIOKafkaProducer: ("send",),
    AIOKafkaConsumer: ("commit",),
}


class Life:
    """So many operations, then death."""

    def __init__(self, operations: int) -> None:
        self._left = operations

    def pass_by(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def bind(self, owner: type, name: str) -> None:
        """Let every call of this method count."""
        original: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(original)
        def counted(*arguments: Any, **named: Any) -> Any:
            if name == "fetch":  # an empty one is no operation
                found = original(*arguments, **named)
                if found:
                    self.pass_by()
                return found
            self.pass_by()
            result = original(*arguments, **named)
            self.pass_by()
            return result

        @functools.wraps(original)
        async def counted_later(*arguments: Any, **named: Any) -> Any:
            self.pass_by()
            result = await original(*arguments, **named)
            self.pass_by()
            return result

        setattr(owner, name, counted_later if inspect.iscoroutinefunction(original) else counted)


def set_wrong(seconds: float) -> None:
    """Shift the wall clock; the one for intervals goes on as it does."""
    now = SystemClock.now_ns
    wrong = int(seconds * 1e9)
    setattr(SystemClock, "now_ns", lambda clock: now(clock) + wrong)  # noqa: B010 - a method is replaced


def fill_disk(size: int) -> None:
    """Let no file grow beyond this size; a write that would fails instead of ending us."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def main() -> None:
    """Run the command for as long as it lives."""
    life = Life(int(sys.argv[1]))
    chosen = os.environ.get("FAULTS_POINTS", "").split(",")
    for owner, names in POINTS.items():
        for name in names if owner.__name__ in chosen or chosen == [""] else ():
            life.bind(owner, name)
    set_wrong(float(os.environ.get("FAULTS_CLOCK", "0")))
    if size := os.environ.get("FAULTS_FILE_BYTES"):
        fill_disk(int(size))
    sys.argv = ["firebreak", *sys.argv[2:]]
    from cli.main import main as firebreak

    firebreak()


if __name__ == "__main__":
    main()
