"""Letting others vouch for the log: witnesses cosign each checkpoint, the chain holds its root.

Runs beside the keeper and never holds it up: whoever does not answer is asked again, and people are
told.
"""

import threading
from collections.abc import Sequence

from forensics.record.anchoring import Anchoring
from forensics.record.errors import UntrustedError
from forensics.record.log_reader import LogReader, Sealed
from forensics.record.note import parse_note
from forensics.record.vouched import Vouched
from forensics.record.witness_client import WitnessClient
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.errors import PipelineError

_log = logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for a new checkpoint."""

CHAIN = "chain"
"""What the metrics call the anchor, beside the witnesses' names."""


class Vouching:
    """Asks everyone, in turn."""

    def __init__(
        self,
        log: LogReader,
        witnesses: Sequence[WitnessClient],
        anchoring: Anchoring | None,
        metrics: Metrics,
    ) -> None:
        self._log = log
        self._witnesses = witnesses
        self._anchoring = anchoring
        self._metrics = metrics
        for name in [client.address.key.name for client in witnesses]:
            metrics.audit_vouched.labels(name)
            metrics.audit_faults.labels(name)
        if anchoring is not None:
            metrics.audit_vouched.labels(CHAIN)
            metrics.audit_faults.labels(CHAIN)
            metrics.audit_anchors_left.labels(CHAIN).set_function(anchoring.haste.left)

    def run(self, stop: threading.Event) -> None:
        """Go on until told to stop."""
        while not stop.wait(LOOK_EVERY):
            self.look()

    def look(self) -> None:
        """Ask for what the newest checkpoint lacks. What goes wrong is counted and logged."""
        try:
            newest = self._log.newest_seal()
        except PipelineError as error:
            _log.error("log_not_read", error=str(error))
            return
        if newest is None:
            return
        for client in self._witnesses:
            newest = self._cosign(client, newest)
        if self._anchoring is not None:
            try:
                head = self._anchoring.step()
            except PipelineError as error:
                self._tell(CHAIN, error)
            else:
                self._metrics.audit_vouched.labels(CHAIN).set(head.size)

    def _cosign(self, client: WitnessClient, sealed: Sealed) -> Sealed:
        """Return the checkpoint with this witness' cosignature, if it gave one."""
        key, note = client.address.key, parse_note(sealed.note.encode())
        if any((line.name, line.key_id) == (key.name, key.id) for line in note.lines):
            return sealed
        try:
            cosigned = str(note.with_lines(client.cosign(sealed)))
            Vouched(self._log.engine).cosigned(sealed.size, cosigned)
        except PipelineError as error:
            self._tell(key.name, error)
            return sealed
        self._metrics.audit_vouched.labels(key.name).set(sealed.size)
        return sealed._replace(note=cosigned)

    def _tell(self, who: str, error: PipelineError) -> None:
        """Count what went wrong; that somebody has seen another log is the worst there is."""
        self._metrics.audit_faults.labels(who).inc()
        doubted = isinstance(error, UntrustedError)
        _log.error("not_vouched_for", who=who, doubted=doubted, error=str(error))
