"""The assure service over a broker in memory, its clock in the test's hand, told as by ingest."""

from collections.abc import Callable, Collection, Mapping
from typing import Self

from assurance.chain import Chain
from assurance.look import Means
from assurance.node import NodeChain
from assurance.service import AssureTask
from assurance.standing import PATIENCE
from runtime.broker import Message, Partition
from runtime.evm import Endpoints
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.service import Service
from sandbox.node import LocalNode
from schemas.assurance import Assessment, Examined, Finding
from schemas.base import Record
from schemas.chain import Block
from schemas.codec import decode_from, encode
from schemas.manifest import Manifest
from schemas.topics import (
    ASSESSMENTS,
    AUTHORITY,
    DEAD_LETTERS,
    DEPLOYMENTS,
    EVENTS,
    FINDINGS,
    TopicSpec,
)
from tests.clock import ManualClock
from tests.integration.ingest.running import RunningIngest
from tests.publication import log

Look = Callable[[], tuple[Chain, Mapping[str, Means]]]


class Watch:
    """The service for one protocol."""

    def __init__(
        self,
        manifest: Manifest,
        look: Look,
        clock: ManualClock | None = None,
        fresh: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`look` and `fresh` as the service takes them."""
        self.manifest, self._look, self.clock = manifest, look, clock or ManualClock()
        self.broker = MemoryBroker()
        self.broker.create((DEPLOYMENTS, EVENTS, FINDINGS, ASSESSMENTS, AUTHORITY, DEAD_LETTERS))
        service = Service("assure")
        service.clock = self.clock  # type: ignore[assignment]  # as good as the machine's
        self.producer = self.broker.producer()
        self.task = AssureTask(
            Intake(self.producer, service.metrics, "assure"),
            self.producer,
            {manifest.protocol: manifest},
            look,
            service,
            fresh,
        )

    @classmethod
    def over(cls, endpoints: Endpoints, manifest: Manifest, means: Means) -> Self:
        """Return one that has looked at a node."""
        made = cls(manifest, lambda: (NodeChain(endpoints), {manifest.protocol: means}))
        made.task.tick()
        return made

    def tell(self, topic: TopicSpec, *records: Record) -> None:
        """Tell it of these, and let it look."""
        for record in records:
            self.task.process([Message(topic.name, 0, 0, b"k", encode(record), ())])
        self.task.tick()

    def of_ingest(self, node: LocalNode) -> None:
        """Tell it all that ingest makes of the chain."""
        broker = MemoryBroker()
        with RunningIngest(broker, [str(node.ipc)], manifests=[self.manifest]) as ingest:
            ingest.wait_for(lambda: ingest.is_at(int(node.rpc("eth_blockNumber"), 16)))
        for number in range(EVENTS.partitions):
            self.task.process(broker.log(Partition(EVENTS.name, number)))
        self.task.tick()

    def block(self) -> None:
        """Tell it that the newest block came by, and of nothing in it."""
        head = self._look()[0].place
        told = Block(
            id="4" * 64, chain=self.manifest.chain, number=head.number, hash="0x" + "ab" * 32,
            parent="0x" + "ab" * 32, timestamp=head.timestamp, transactions=1,
        )  # fmt: skip
        self.tell(EVENTS, told)
        self.clock.seconds += PATIENCE
        self.task.tick()

    def findings(self) -> list[Finding]:
        """What was told so far."""
        return [one for one in self._read(FINDINGS) if isinstance(one, Finding)]

    def assessments(self) -> list[Assessment]:
        return [one for one in self._read(ASSESSMENTS) if isinstance(one, Assessment)]

    def stands(self) -> Assessment:
        """How all was last said to stand."""
        return self.assessments()[-1]

    def of(self, contract: str) -> Examined:
        """How a contract was last said to stand."""
        return next(one for one in self.stands().contracts if one.address == contract)

    def open_now(self) -> dict[str, Finding]:
        return {one.weakness: one for one in self.stands().findings}

    def _read(self, topic: TopicSpec) -> list[Record]:
        return [decode_from(topic, one.value or b"") for one in log(self.broker, topic)]
