"""A real Apache Kafka on this machine, for the demo and the tests.

KRaft, loopback only, no security. What a broker is told names every member of its cluster
(`server_properties`), so that a cluster of several differs in nothing but their number.
"""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from runtime.kafka import KafkaBroker
from sandbox.ports import HOST, answers, free_port, require_free
from sandbox.process import ChildProcess
from schemas.errors import TransientError, UnsafeToContinueError
from schemas.topics import MAX_DEAD_LETTER_BYTES

START_TIMEOUT = 60.0
"""Seconds within which a broker answers; it takes three on an idle machine."""

_CLUSTER_ID = "ZmlyZWJyZWFrLWxvY2FsIQ"
"""16 bytes in base64url without padding, as Kafka wants them; local clusters all have this one."""

_LARGEST = MAX_DEAD_LETTER_BYTES + 1024 * 1024

_JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Little memory and a quick start, rather than the highest throughput after an hour."""


@dataclass(frozen=True, slots=True)
class Member:
    """A broker, which is a controller too, and its ports."""

    id: int
    port: int
    controller_port: int


def server_properties(member: Member, cluster: Sequence[Member], data: Path) -> dict[str, object]:
    """Return the settings of one member of a cluster, in Kafka's names."""
    copies = min(3, len(cluster))
    in_sync = max(1, copies - 1)
    return {
        "process.roles": "broker,controller",
        "node.id": member.id,
        "listeners": f"PLAINTEXT://{HOST}:{member.port},CONTROLLER://{HOST}:{member.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{member.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": ",".join(
            f"{voter.id}@{HOST}:{voter.controller_port}" for voter in cluster
        ),
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "message.max.bytes": _LARGEST,
        "replica.fetch.max.bytes": _LARGEST,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,  # a test of a crash need not wait for six seconds
        "broker.session.timeout.ms": 3000,  # a killed broker may come back once this has passed
        "broker.heartbeat.interval.ms": 500,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": 4,
    }


def properties_file(folder: Path) -> Path:
    """Return where a broker with its data in `folder` keeps its settings.

    The path is on its process' command line, and on no other process'.
    """
    return folder.absolute() / "server.properties"


class LocalKafka:
    """A broker that is a cluster by itself; a context manager, or `start` and `stop`.

    Its data stays in `folder` and its port is the same for as long as the object lives, so it can
    be killed and started again under its clients.
    """

    def __init__(self, folder: Path, libs: Path, java: Path, port: int = 0) -> None:
        """Take the folder for its data, Kafka's jars, a Java; port 0 takes any free one."""
        self._folder = folder.absolute()
        self._properties = properties_file(folder)
        self._member = Member(1, port or free_port(), free_port())
        self._java = [str(java), *_JVM, "-cp", f"{libs}/*"]
        self._process: ChildProcess | None = None

    @property
    def bootstrap(self) -> str:
        """Its address, as clients want it."""
        return f"{HOST}:{self._member.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running().pid

    def start(self, *, detached: bool = False) -> None:
        """Start it and return once it takes requests; `detached`, it outlives this process.

        Raises `ConfigurationError` when a port is taken, `UnsafeToContinueError` with the end of
        its log when it does not come up, `TransientError` when it takes too long.
        """
        for port in (self._member.port, self._member.controller_port):
            require_free(port, "Kafka")
        self._write_properties()
        self._format()
        log = self._folder / "kafka.log"
        command = [*self._java, "kafka.Kafka", str(self._properties)]
        self._process = ChildProcess(command, log, detached=detached)
        try:
            self._await_answer(self._process)
        except BaseException:
            self.kill()
            raise

    def _write_properties(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = server_properties(self._member, [self._member], self._folder / "data")
        self._properties.write_text(
            "".join(f"{name}={value}\n" for name, value in settings.items())
        )

    def _format(self) -> None:
        """Prepare the data folder; one that has data stays as it is."""
        tool = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID]
        if (self._folder / "data" / "meta.properties").exists():
            return
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            [*self._java, *tool, "-c", str(self._properties)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
        )
        if done.returncode:
            raise UnsafeToContinueError(f"Kafka cannot prepare {self._folder}:\n{done.stdout}")

    def _await_answer(self, process: ChildProcess) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not (answers(self._member.port) and self._takes_requests()):
            process.require_running()
            if time.monotonic() > deadline:
                raise TransientError(
                    f"Kafka does not answer after {START_TIMEOUT:g} s; it said at last "
                    f"({process.log}):\n{process.tail()}"
                )
            time.sleep(0.05)

    def _takes_requests(self) -> bool:
        """Ask it who is in the cluster; before it counts itself, it can keep nothing."""
        return KafkaBroker({"bootstrap.servers": self.bootstrap}).brokers() == 1

    def stop(self) -> None:
        """Let it finish and end; kill it if it does not."""
        self._running().stop()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._running().kill()

    def _running(self) -> ChildProcess:
        if self._process is None:
            raise UnsafeToContinueError("this Kafka was never started; call start() first")
        return self._process

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
