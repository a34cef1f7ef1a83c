"""The risk service: reads alerts, cases and blocks, publishes what is due.

It is one process for all protocols. After a restart it reads again what its window covers and all
cases that are kept, and goes on from its own newest records; nothing else is remembered.
"""

from collections.abc import Mapping, Sequence

from runtime.broker import Broker, Message, Offsets, Partition, read_all
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.signatures import Verifier
from schemas.alerts import Alert, Withdrawal
from schemas.base import Record
from schemas.chain import Block
from schemas.codec import decode
from schemas.errors import PoisonRecordError, TransientError
from schemas.headers import Headers
from schemas.incidents import Incident
from schemas.manifest import Manifest
from schemas.risk import Holding, Risk, Source
from schemas.topics import ALERTS, BLOCKS, INCIDENTS, RISK
from underwriting.admission import Admission
from underwriting.desk import Desk
from underwriting.holdings import held, readable
from underwriting.likelihood import WINDOW
from underwriting.publisher import Chainside, Publisher
from underwriting.shelf import Kept, Shelf

_log = logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at what is due."""

REMEMBERED = 20_000
"""Records of each partition of `risk-v1` that are read at the start."""


class Underwriting:
    """The task of the loop (`runtime.loop.Task`)."""

    topics = (ALERTS.name, INCIDENTS.name, BLOCKS.name)

    def __init__(
        self,
        broker: Broker,
        admission: Admission,
        desk: Desk,
        publisher: Publisher,
        clock: Clock,
        side: Chainside,
    ) -> None:
        self._broker = broker
        self._admission = admission
        self._desk = desk
        self._publisher = publisher
        self._clock = clock
        self._side = side
        self._due = clock.monotonic()
        self.obstacle = ""
        """What keeps it from telling anything, '' for nothing."""

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Read alerts again as far back as they matter, and every case and block that is kept."""
        since = self._clock.now_ns() // 1_000_000 - 2 * WINDOW * 1000
        alerts = self._broker.offsets_at(ALERTS.name, since)
        starts = {}
        for partition in partitions:
            low, high = self._broker.bounds(partition)
            if partition.topic == ALERTS.name:
                starts[partition] = alerts[partition]
            else:
                starts[partition] = low if partition.topic == INCIDENTS.name else max(low, high - 1)
        return starts

    def process(self, batch: Sequence[Message]) -> None:
        """Take every record in."""
        for message, record in self._admission.read_all(batch):
            self._take(record, _source(message, record))

    def tick(self) -> None:
        """Publish what is due, bring reports to their feeds, turn dials."""
        if self._clock.monotonic() < self._due:
            return
        self._due = self._clock.monotonic() + LOOK_EVERY
        if self._desk.heads:
            self._admission.listen(max(head.timestamp for head in self._desk.heads.values()))
        self.obstacle = "" if self._desk.heads else "the first block of any chain"
        for manifest, head in list(self._desk.looks()):
            try:
                self._look(manifest, head)
            except TransientError as error:  # rather nothing than figures of what is not known
                self._wait("what protocols hold", error)
        try:
            self._report()
        except TransientError as error:
            self._wait("a node to report through", error)

    def _report(self) -> None:
        nodes, reporter = self._side.nodes, self._side.reporter
        head = self._desk.heads.get(nodes.chain) if nodes is not None else None
        if reporter is not None and head is not None:
            reporter.step(head.timestamp)

    def _look(self, manifest: Manifest, head: Block) -> None:
        risk, why = self._desk.look(manifest, head, self._holding(manifest, head))
        if risk is not None:
            self._publisher.publish(risk, manifest)
            _log.info("told", protocol=risk.protocol, block=risk.block, why=why)

    def _wait(self, waiting_for: str, error: TransientError) -> None:
        self.obstacle = waiting_for
        _log.warning("not_told", reason=str(error))

    def _holding(self, manifest: Manifest, head: Block) -> Holding:
        nodes = self._side.nodes
        if nodes is not None and nodes.chain == manifest.chain and readable(manifest):
            return Holding(value=held(manifest, nodes, head.hash), source="chain")
        stated = manifest.halt.value_exposed if manifest.halt is not None else 0
        return Holding(value=float(stated * manifest.underwriting.dollars), source="manifest")

    def _take(self, record: Record, source: Source) -> None:
        if isinstance(record, Alert):
            self._desk.take_alert(record, source)
        elif isinstance(record, Withdrawal):
            self._desk.take_back(record)
        elif isinstance(record, Incident):
            self._desk.take_case(record, source)
        elif isinstance(record, Block):
            self._desk.take_block(record)

    def checkpoint(self, offsets: Offsets) -> None:
        """Nothing: what is published is durable before it is known."""

    def released(self, partitions: Sequence[Partition]) -> None:
        """Nothing: what was read stays true."""

    def ready(self) -> bool:
        """It can always take more."""
        return True


def remember(broker: Broker, desk: Desk, shelf: Shelf, verifier: Verifier) -> None:
    """Go on from the newest own records; what our key did not sign is left out."""

    def take(message: Message) -> None:
        try:
            verifier.check(message, head=None)
            risk = decode(message.value or b"", Risk)
        except PoisonRecordError as error:
            _log.warning("not_remembered", offset=message.offset, reason=str(error))
            return
        desk.remember(risk)
        shelf.put(Kept(risk, message.value or b"", _own(message)))

    for number in range(broker.partitions(RISK.name)):
        partition = Partition(RISK.name, number)
        read_all(broker, partition, take, broker.bounds(partition)[1] - REMEMBERED)


def known(manifests: Mapping[str, Manifest], metrics: Metrics) -> None:
    """Show every protocol's counters as 0 from the start."""
    for protocol in manifests:
        metrics.risk_records.labels(protocol)
        metrics.feed_faults.labels(protocol)
        metrics.dial_turns.labels(protocol)
        metrics.dial_faults.labels(protocol)


def _own(message: Message) -> Headers:
    return tuple((name, value) for name, value in message.headers if value is not None)


def _source(message: Message, record: Record) -> Source:
    return Source(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        record=str(getattr(record, "id", "")),
    )
