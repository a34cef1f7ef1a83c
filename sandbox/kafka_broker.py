"""One broker of a local cluster, as a process: its settings, its data, its end.

KRaft, loopback only, no security. What a broker is told names every member of its cluster, so that
a cluster of several differs in nothing but their number.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.ports import HOST, require_free
from sandbox.process import ChildProcess
from schemas.errors import UnsafeToContinueError
from schemas.topics import MAX_DEAD_LETTER_BYTES

CLUSTER_ID = "ZmlyZWJyZWFrLWxvY2FsIQ"
"""16 bytes in base64url without padding, as Kafka wants them; local clusters all have this one."""

_LARGEST = MAX_DEAD_LETTER_BYTES + 1024 * 1024

QUICK = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
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


class LocalBroker:
    """A member of a cluster. Its ports and its data stay for as long as the object lives, so it can
    be killed and started again under its clients."""

    def __init__(
        self,
        member: Member,
        cluster: Sequence[Member],
        folder: Path,
        libs: Path,
        java: Path,
        jvm: Sequence[str] = QUICK,
    ) -> None:
        """Take its place in the cluster, the folder for its data, Kafka's jars, a Java and what
        that is told."""
        self.member = member
        self._cluster = tuple(cluster)
        self._folder = folder.absolute()
        self._properties = properties_file(folder)
        self._java = [str(java), *jvm, "-cp", f"{libs}/*"]
        self._process: ChildProcess | None = None
        self.ended_by_us = False
        """Whether it was stopped or killed since it was started."""

    @property
    def address(self) -> str:
        """Where clients reach it."""
        return f"{HOST}:{self.member.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def process(self) -> ChildProcess:
        """Its process. Raises `UnsafeToContinueError` before it was started."""
        if self._process is None:
            raise UnsafeToContinueError("this Kafka was never started; call start() first")
        return self._process

    def prepare(self) -> None:
        """Write its settings and prepare its folder.

        Raises `ConfigurationError` when one of its ports is taken.
        """
        for port in (self.member.port, self.member.controller_port):
            require_free(port, "Kafka")
        self._write_properties()
        self._format()

    def launch(self, *, detached: bool = False) -> None:
        """Start it, prepared before, without waiting until it takes requests; `detached`, it
        outlives this process."""
        self.ended_by_us = False
        command = [*self._java, "kafka.Kafka", str(self._properties)]
        self._process = ChildProcess(command, self._folder / "kafka.log", detached=detached)

    def _write_properties(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = server_properties(self.member, self._cluster, self._folder / "data")
        self._properties.write_text(
            "".join(f"{name}={value}\n" for name, value in settings.items())
        )

    def _format(self) -> None:
        """Prepare the data folder; one that has data stays as it is."""
        tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID]
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

    def stop(self) -> None:
        """Let it finish and end; kill it if it does not."""
        self.ended_by_us = True
        self.process.stop()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.ended_by_us = True
        self.process.kill()
