"""A real Apache Kafka on this machine, for the demo and the tests: one broker, or a cluster."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from runtime.kafka import KafkaBroker
from sandbox.kafka_broker import QUICK, LocalBroker, Member
from sandbox.ports import answers, free_port
from schemas.errors import TransientError

START_TIMEOUT = 60.0
"""Seconds within which a broker answers; it takes three on an idle machine."""


class LocalKafka:
    """A cluster of its own, of one broker or several; a context manager, or `start` and `stop`.

    Its data stays in `folder` and its ports are the same for as long as the object lives, so it, or
    one of its `members`, can be killed and started again under its clients. Several keep three
    copies of everything and acknowledge what two of them have.
    """

    def __init__(
        self,
        folder: Path,
        libs: Path,
        java: Path,
        port: int = 0,
        *,
        brokers: int = 1,
        jvm: Sequence[str] = QUICK,
    ) -> None:
        """Take the folder for its data, Kafka's jars, a Java, the first broker's port (0 takes any
        free one), how many brokers there are, and what Java is told of memory and the like."""
        cluster = [
            Member(number + 1, (number == 0 and port) or free_port(), free_port())
            for number in range(brokers)
        ]
        self.members = tuple(
            LocalBroker(
                member,
                cluster,
                folder if brokers == 1 else folder / str(member.id),
                libs,
                java,
                jvm,
            )
            for member in cluster
        )

    @property
    def bootstrap(self) -> str:
        """Its address, as clients want it."""
        return ",".join(member.address for member in self.members)

    @property
    def replication(self) -> int:
        """How many copies there should be of everything."""
        return min(3, len(self.members))

    @property
    def pid(self) -> int:
        """The process id of its first broker."""
        return self.members[0].pid

    def start(self, *, detached: bool = False) -> None:
        """Start it and return once every broker takes requests; `detached`, it outlives this
        process.

        Raises `ConfigurationError` when a port is taken, `UnsafeToContinueError` with the end of
        its log when a broker does not come up, `TransientError` when it takes too long.
        """
        with ThreadPoolExecutor(len(self.members)) as threads:
            list(threads.map(LocalBroker.prepare, self.members))
        started = []
        try:
            for member in self.members:  # by this thread: with it they end
                member.launch(detached=detached)
                started.append(member)
            self.await_members(len(self.members))
        except BaseException:
            for member in started:
                member.kill()
            raise

    def await_members(self, count: int) -> None:
        """Return once so many brokers take requests."""
        deadline = time.monotonic() + START_TIMEOUT
        while self._counted() < count:
            if time.monotonic() > deadline:
                said = "\n".join(
                    f"({member.process.log}) {member.process.tail()}" for member in self.members
                )
                raise TransientError(
                    f"Kafka does not answer after {START_TIMEOUT:g} s; it said at last:\n{said}"
                )
            time.sleep(0.05)

    def _counted(self) -> int:
        """Ask who is in the cluster; before a broker counts itself, it can keep nothing."""
        up = []
        for member in self.members:
            if member.process.status is None and answers(member.member.port):
                up.append(member.address)
            elif not member.ended_by_us:
                member.process.require_running()
        if not up:
            return 0
        return KafkaBroker({"bootstrap.servers": ",".join(up)}).brokers()

    def stop(self) -> None:
        """Let it finish and end; kill what does not."""
        for member in self.members:
            member.stop()

    def kill(self) -> None:
        """End all of it as a power cut would."""
        for member in self.members:
            member.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
