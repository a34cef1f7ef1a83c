"""Every topic there is, as data.

A topic's name ends in its version. Keys, partition count and meaning never change within a
version, because a key's history must stay in one partition and in order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.actions import Action
from schemas.alerts import Alert, Withdrawal
from schemas.assurance import Assessment, Finding
from schemas.base import Record
from schemas.chain import Block, Deployment, Event, Pending, Price, Retraction, Transaction
from schemas.changes import Arming, Configuration, Intent
from schemas.consents import MAX_CONSENT_BYTES, Consent
from schemas.decisions import Answer, Proposal
from schemas.fundflow import FundFlow
from schemas.incidents import Acknowledgement, Incident, Recovery
from schemas.operations import Beat, DeadLetter, IngestCheckpoint, KeyState, PartitionMark
from schemas.paging import Page
from schemas.readiness import Readiness
from schemas.risk import Risk
from schemas.seals import Seal
from schemas.signals import Signal, Verdict

MAX_RECORD_BYTES = 8 * 1024 * 1024
"""The largest record: a block of 60M gas can hold about 3 MB of log data, twice that in hex."""

MAX_DEAD_LETTER_BYTES = 12 * 1024 * 1024
"""The largest record in base64, with room for what is said about it."""

_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """A topic: what it carries, how it is cut, how long it is kept."""

    name: str
    doc: str
    records: tuple[type[Record], ...]
    key: Literal[
        "chain", "contract", "protocol", "market", "source", "topic", "set/protocol",
        "protocol/incident", "service", "log/size", "issuer",
    ]  # fmt: skip
    partitions: int
    retention_hours: int | None
    """None: compacted, the newest value of each key is kept for ever."""
    marked: bool = False
    """True when block and retraction markers go to every partition. One whose step was there before
    only begins a publisher's term (`runtime.fencing`)."""
    max_bytes: int = MAX_RECORD_BYTES

    @property
    def config(self) -> dict[str, str]:
        """The topic's settings, as Kafka names them."""
        settings = {"max.message.bytes": str(self.max_bytes + 64 * 1024)}
        if self.retention_hours is None:
            return settings | {"cleanup.policy": "compact"}
        return settings | {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_hours * 3_600_000),
        }

    def differences(self, partitions: int, config: Mapping[str, str]) -> list[str]:
        """Say, one sentence each, how a topic with so many partitions and these settings differs;
        0 partitions: there is none."""
        if not partitions:
            return [f"{self.name} does not exist"]
        found = [
            f"{self.name}: {setting} is {config.get(setting)}, expected {value}"
            for setting, value in self.config.items()
            if config.get(setting) != value
        ]
        if partitions != self.partitions:
            found.insert(0, f"{self.name} has {partitions} partitions, expected {self.partitions}")
        return found

    @property
    def record_type(self) -> Any:
        """The record class, or the union of them, that a decoder of this topic reads."""
        union: Any = self.records[0]
        for record in self.records[1:]:
            union = union | record
        return union


BLOCKS = TopicSpec(
    name="chain-blocks-v1",
    doc="The blocks of each chain as they joined or left its head.",
    records=(Block, Retraction),
    key="chain",
    partitions=1,
    retention_hours=30 * _DAY,
)
EVENTS = TopicSpec(
    name="chain-events-v1",
    doc="Every log by itself, decoded where its layout is known, raw always.",
    records=(Event, Block, Retraction),
    key="contract",
    partitions=16,
    retention_hours=7 * _DAY,
    marked=True,
)
TRANSACTIONS = TopicSpec(
    name="chain-transactions-v1",
    doc="One record per transaction and protocol it touched, and what else its score may need.",
    records=(Transaction, Block, Retraction, Deployment, Price, Pending),
    key="protocol",
    partitions=16,
    retention_hours=30 * _DAY,
    marked=True,
)
PENDING = TopicSpec(
    name="chain-pending-v1",
    doc="Transactions waiting in a node's pool.",
    records=(Pending,),
    key="chain",
    partitions=4,
    retention_hours=6,
)
DEPLOYMENTS = TopicSpec(
    name="chain-deployments-v1",
    doc="Contracts created, with their code.",
    records=(Deployment,),
    key="chain",
    partitions=4,
    retention_hours=30 * _DAY,
)
PRICES = TopicSpec(
    name="market-prices-v1",
    doc="Price bars by market.",
    records=(Price,),
    key="market",
    partitions=4,
    retention_hours=30 * _DAY,
)
ALERTS = TopicSpec(
    name="alerts-v1",
    doc="What detectors saw, signed; and what they take back after a reorg.",
    records=(Alert, Withdrawal),
    key="protocol",
    partitions=4,
    retention_hours=90 * _DAY,
)
ACTIONS = TopicSpec(
    name="actions-v1",
    doc="Every step of every brake, as the responder's journal recorded it.",
    records=(Action,),
    key="protocol",
    partitions=4,
    retention_hours=365 * _DAY,
)
CONSENTS = TopicSpec(
    name="consents-v1",
    doc="What independent operators agree to, signed by each, before a broad brake is pulled.",
    records=(Consent,),
    key="protocol",
    partitions=4,
    retention_hours=30 * _DAY,
    max_bytes=MAX_CONSENT_BYTES,
)
INCIDENTS = TopicSpec(
    name="incidents-v1",
    doc="Incident cases, the newest state of each, signed where there is a key for it.",
    records=(Incident,),
    key="protocol/incident",
    partitions=4,
    retention_hours=None,
)
RECOVERIES = TopicSpec(
    name="recoveries-v1",
    doc="How far people have led each case back, as they published it.",
    records=(Recovery,),
    key="protocol",
    partitions=4,
    retention_hours=365 * _DAY,
)
CHANGES = TopicSpec(
    name="changes-v1",
    doc="With what configuration and manifests services began; arming, as it was told before "
    "`authority-v1`.",
    records=(Configuration, Arming),
    key="service",
    partitions=1,
    retention_hours=365 * _DAY,
)
AUTHORITY = TopicSpec(
    name="authority-v1",
    doc="Who may brake: who is about to arm or disarm, what came of it, what our gates on chain "
    "say of those who may pull them; each brake and release that the chain shows; what is asserted "
    "to covers, and who may report to feeds or set dials.",
    records=(Intent, Arming, Event),
    key="service",
    partitions=1,
    retention_hours=365 * _DAY,
)
SEALS = TopicSpec(
    name="audit-seals-v1",
    doc="What the forensic log sealed, in which order, under which signed checkpoint.",
    records=(Seal,),
    key="log/size",
    partitions=1,
    retention_hours=None,
)
SIGNALS = TopicSpec(
    name="signals-v1",
    doc="Warnings of other protocols and our own, and what people found of them.",
    records=(Signal, Verdict),
    key="issuer",
    partitions=4,
    retention_hours=365 * _DAY,
)
DECISIONS = TopicSpec(
    name="decisions-v1",
    doc="What people propose about a case, and what a second person answers.",
    records=(Proposal, Answer),
    key="protocol",
    partitions=4,
    retention_hours=365 * _DAY,
)
READINESS = TopicSpec(
    name="readiness-v1",
    doc="How each protocol's brakes stand: armed or not, rehearsed, budget, authority.",
    records=(Readiness,),
    key="protocol",
    partitions=1,
    retention_hours=None,
)
FUND_FLOWS = TopicSpec(
    name="fund-flows-v1",
    doc="Where the funds of each incident went, as it was last followed.",
    records=(FundFlow,),
    key="protocol/incident",
    partitions=4,
    retention_hours=None,
)
ACKNOWLEDGEMENTS = TopicSpec(
    name="acknowledgements-v1",
    doc="Who has which case in hand, as people say it; signed.",
    records=(Acknowledgement,),
    key="protocol",
    partitions=4,
    retention_hours=365 * _DAY,
)
PAGES = TopicSpec(
    name="pages-v1",
    doc="Who was told of each case, and when somebody is next: the newest state.",
    records=(Page,),
    key="protocol/incident",
    partitions=4,
    retention_hours=None,
)
BEATS = TopicSpec(
    name="beats-v1",
    doc="Signs of life: what each process has read and written.",
    records=(Beat,),
    key="service",
    partitions=1,
    retention_hours=_DAY,
)
RISK = TopicSpec(
    name="risk-v1",
    doc="What an insurer asks of each protocol, signed: likelihood, exposure, losses, price.",
    records=(Risk,),
    key="protocol",
    partitions=4,
    retention_hours=365 * _DAY,
)
FINDINGS = TopicSpec(
    name="findings-v1",
    doc="Weaknesses of watched contracts, as they open and as they are resolved.",
    records=(Finding,),
    key="protocol",
    partitions=4,
    retention_hours=365 * _DAY,
)
ASSESSMENTS = TopicSpec(
    name="assessments-v1",
    doc="How each protocol's contracts stand: coverage, gaps, open findings.",
    records=(Assessment,),
    key="protocol",
    partitions=4,
    retention_hours=None,
)
DEAD_LETTERS = TopicSpec(
    name="dead-letters-v1",
    doc="Records that could not be read, with all their bytes and the reason.",
    records=(DeadLetter,),
    key="topic",
    partitions=1,
    retention_hours=90 * _DAY,
    max_bytes=MAX_DEAD_LETTER_BYTES,
)
CHECKPOINTS = TopicSpec(
    name="ingest-checkpoints-v1",
    doc="How far ingest has published each source.",
    records=(IngestCheckpoint,),
    key="source",
    partitions=1,
    retention_hours=None,
)
DETECTOR_STATE = TopicSpec(
    name="detector-state-v1",
    doc="What each detector set knows of each protocol, by input partition.",
    records=(KeyState, PartitionMark),
    key="set/protocol",
    partitions=16,
    retention_hours=None,
)

TOPICS: dict[str, TopicSpec] = {
    spec.name: spec
    for spec in (
        BLOCKS,
        EVENTS,
        TRANSACTIONS,
        PENDING,
        DEPLOYMENTS,
        PRICES,
        ALERTS,
        ACTIONS,
        CONSENTS,
        INCIDENTS,
        RECOVERIES,
        CHANGES,
        AUTHORITY,
        SEALS,
        SIGNALS,
        DECISIONS,
        READINESS,
        FUND_FLOWS,
        ACKNOWLEDGEMENTS,
        PAGES,
        BEATS,
        RISK,
        FINDINGS,
        ASSESSMENTS,
        DEAD_LETTERS,
        CHECKPOINTS,
        DETECTOR_STATE,
    )
}
