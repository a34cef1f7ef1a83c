"""The assure service: deployments, upgrades and what gates say in; findings, assessments and who
may brake out.

What it knows is what it last said: the newest assessment of each protocol, and what people have to
answer, read back when it starts. So a finding is told when it opens and when it is resolved, and
not again in between.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from assurance import rights, triggers
from assurance.answers import Answers
from assurance.assess import assess, changes
from assurance.chain import Chain
from assurance.look import Means
from assurance.standing import Standing
from runtime.broker import Broker, Message, Offsets, Partition, Producer, read_all
from runtime.intake import Intake
from runtime.logs import logger
from runtime.service import Service
from schemas.alerts import SEVERITIES
from schemas.assurance import Assessment
from schemas.chain import Block, Event
from schemas.codec import decode, encode
from schemas.errors import PoisonRecordError, TransientError
from schemas.manifest import Manifest
from schemas.topics import (
    ASSESSMENTS,
    AUTHORITY,
    DEPLOYMENTS,
    EVENTS,
    FINDINGS,
    MAX_RECORD_BYTES,
)

_log = logger(__name__)

SERVICE = "assure"
"""Under whose key what gates say is told."""

EVERY = 3_600.0
"""Seconds after which everything is looked at again: who owns a Safe, or what a timelock's delay
is, may change without any event of a watched contract, and is not read again at each block."""

MOST_BYTES, MOST_FINDINGS = MAX_RECORD_BYTES // 2, 2_500
"""Of an assessment that is gone on from; ours are far smaller. What is found now has to fit in
beside what is kept of it, or one that somebody else wrote would stop the service for good."""

RETRY = 5.0
"""Seconds until a node that did not answer is asked again."""


class AssureTask:
    """What the consumer loop runs. One process for each chain: assessments are kept by protocol."""

    topics = (DEPLOYMENTS.name, EVENTS.name)

    def __init__(
        self,
        intake: Intake,
        producer: Producer,
        manifests: Mapping[str, Manifest],
        look: Callable[[], tuple[Chain, Mapping[str, Means]]],
        service: Service,
        fresh: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """Take the manifests of one chain. `look` returns that chain as it is now, and with what
        each protocol is looked at; it raises `TransientError` when no node answers. `fresh` names
        the protocols of whose source something was heard since it was asked last."""
        self._intake = intake
        self._producer = producer
        self._manifests = manifests
        self._look = look
        self._fresh = fresh
        self._clock, self._metrics, self._health = service.clock, service.metrics, service.health
        self._known: dict[str, Assessment] = {}
        self._due: dict[str, dict[str, str] | None] = {}
        """Contracts to look at, by protocol, each with the transaction that is the reason; None:
        all of the protocol's. One that could not be looked at is tried behind the others."""
        self._standing = Standing()
        self._answers = Answers(manifests, service.metrics)
        self._chain: Chain | None = None
        """As it was when it was last looked at."""
        self._whole = self._clock.monotonic()
        """When all of them are looked at again."""
        self._not_before = self._whole

    def remember(self, broker: Broker) -> None:
        """Read back what was last said of each protocol, and what people have to answer."""
        for number in range(ASSESSMENTS.partitions):
            read_all(broker, Partition(ASSESSMENTS.name, number), self._recall)
        self._answers.remember(broker)

    def _recall(self, message: Message) -> None:
        try:
            record = decode(message.value or b"", Assessment, max_bytes=MOST_BYTES)
        except PoisonRecordError as error:
            _log.warning("assessment_unread", offset=message.offset, reason=str(error))
            return
        if len(record.findings) > MOST_FINDINGS:
            _log.warning("assessment_unread", offset=message.offset, reason="too many findings")
        elif record.protocol in self._manifests:
            self._known[record.protocol] = record

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Start where the group committed: what was missed, the first look finds."""
        del partitions
        return {}

    def process(self, batch: Sequence[Message]) -> None:
        """Tell on what gates say, and note what has to be looked at."""
        for _, record in self._intake.read_all(batch):
            if isinstance(record, Event) and record.protocol in self._manifests:
                self._tell_of_rights(record)
            if isinstance(record, Block):
                if any(one.chain == record.chain for one in self._manifests.values()):
                    self._standing.heard(record.number, self._clock.monotonic())
                continue
            if isinstance(record, Event) and record.name not in triggers.EVENTS:
                continue
            for protocol, manifest in self._manifests.items():
                found = triggers.reasons(record, manifest, self._known.get(protocol))
                if found:
                    self._want(protocol, found)

    def _want(self, protocol: str, contracts: Mapping[str, str]) -> None:
        due = self._due.setdefault(protocol, {})
        if due is not None:
            for contract, tx in contracts.items():
                due[contract] = tx or due.get(contract, "")

    def _tell_of_rights(self, event: Event) -> None:
        found = rights.told(event, self._manifests[event.protocol])
        if found is not None:
            self._producer.send(AUTHORITY.name, encode(found), key=SERVICE.encode())
            _log.info(
                "said_on_chain", protocol=found.protocol, contract=found.contract, what=found.name
            )
            self._answers.take(found)

    def tick(self) -> None:
        """Look at what is due. A node that does not answer is asked again later."""
        now = self._clock.monotonic()
        self._glance(now)
        for protocol in self._fresh():
            self._want(protocol, {})
        if now >= self._whole:
            self._due = dict.fromkeys(self._manifests)
            self._whole = now + EVERY
        if now < self._not_before or not self._due:
            return
        protocol = ""
        try:
            chain, means = self._look()
            self._chain = chain
            for protocol, again in list(self._due.items()):
                before, beat = self._known.get(protocol), self._health.beat
                manifest = self._manifests[protocol]
                after = assess(manifest, chain, means[protocol], before, again, beat)
                self._tell(before, after)
                self._note(chain, after, again)
                del self._due[protocol]
        except TransientError as error:
            self._metrics.assurance_faults.inc()
            self._not_before = now + RETRY
            if protocol in self._due:
                self._due[protocol] = self._due.pop(protocol)
            _log.warning("not_assessed", protocol=protocol, reason=str(error))

    def _glance(self, now: float) -> None:
        """Find which proxies stand otherwise than when they were looked at."""
        if self._chain is None:
            return
        try:
            changed = self._standing.changed(self._chain, now)
        except TransientError as error:
            self._metrics.assurance_faults.inc()
            _log.warning("not_glanced_at", reason=str(error))
            return
        for protocol, known in self._known.items():
            for one in known.contracts:
                if one.address in changed:
                    self._want(protocol, {one.address: ""})

    def _note(self, chain: Chain, after: Assessment, again: Collection[str] | None) -> None:
        """Note how what was looked at stands; where that fails, events and the hour are left."""
        try:
            self._standing.note(
                chain,
                [one.address for one in after.contracts if again is None or one.address in again],
                self._health.beat,
            )
        except TransientError as error:
            self._metrics.assurance_faults.inc()
            _log.warning("not_noted", protocol=after.protocol, reason=str(error))

    def _tell(self, before: Assessment | None, after: Assessment) -> None:
        key = after.protocol.encode()
        for finding in changes(before, after):
            self._producer.send(FINDINGS.name, encode(finding), key=key)
            self._metrics.findings.labels(finding.severity, finding.state).inc()
            _log.info(
                "finding",
                protocol=after.protocol, contract=finding.contract, weakness=finding.weakness,
                severity=finding.severity, state=finding.state,
            )  # fmt: skip
        self._producer.send(ASSESSMENTS.name, encode(after), key=key)
        self._known[after.protocol] = after
        self._metrics.assessed.labels(after.protocol).set(after.timestamp)
        for severity in SEVERITIES:
            count = sum(one.severity == severity for one in after.findings)
            self._metrics.findings_open.labels(after.protocol, severity).set(count)

    def checkpoint(self, offsets: Offsets) -> None:
        """Wait until all that was said is kept."""
        del offsets
        self._producer.flush()

    def released(self, partitions: Sequence[Partition]) -> None:
        """Nothing is held by partition."""

    def ready(self) -> bool:
        """Noting what is due never has to wait."""
        return True
