"""The vet service: every new contract of a chain in, signed alerts out. It has no state to keep."""

from collections.abc import Sequence

from detectors.publisher import Publisher
from detectors.vetting import Vetting
from runtime.broker import Message, Offsets, Partition
from runtime.intake import Intake
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Deployment, Retraction
from schemas.topics import BLOCKS, DEPLOYMENTS

_log = logger(__name__)

LIFETIME = 25
"""Blocks for which an alert about a contract may be acted on; nothing is braked over it."""


class VetTask:
    """What the consumer loop runs. Retractions come on the topic of blocks; when several members
    share the work, only the one that reads them withdraws, and only its own alerts."""

    topics = (DEPLOYMENTS.name, BLOCKS.name)

    def __init__(
        self, intake: Intake, publisher: Publisher, vetting: Vetting, metrics: Metrics
    ) -> None:
        self._intake = intake
        self._publisher = publisher
        self._vetting = vetting
        self._metrics = metrics

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Start where the group committed."""
        del partitions
        return {}

    def process(self, batch: Sequence[Message]) -> None:
        """Judge every contract, in order."""
        for message in batch:
            record = self._intake.read(message)
            found: list[Alert] | list[Withdrawal] = []
            if isinstance(record, Deployment):
                found = self._vetting.of_chain(record)
                self._metrics.vetted.labels(record.chain).inc()
            elif isinstance(record, Retraction):
                found = self._vetting.retract(record)
            for told in found:
                self._publisher.publish(told, message, LIFETIME)

    def checkpoint(self, offsets: Offsets) -> None:
        """Wait for the alerts to be kept."""
        del offsets
        self._publisher.flush()

    def released(self, partitions: Sequence[Partition]) -> None:
        """Nothing is held by partition."""

    def tick(self) -> None:
        """Nothing is due without a record."""

    def ready(self) -> bool:
        """Judging never has to wait for anything."""
        return True
