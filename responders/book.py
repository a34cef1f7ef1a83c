"""The book: journal on disk, ledger in memory, copies on the topic; always in this order."""

from collections import deque

from responders.entries import Mark, Step
from responders.journal import Journal
from responders.ledger import fold
from runtime.broker import Producer
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.signatures import Signer, signed
from schemas import headers
from schemas.actions import STATES
from schemas.codec import encode
from schemas.incidents import Hop
from schemas.topics import ACTIONS, CONSENTS
from schemas.units import Seconds

_log = logger(__name__)

_OWN_HOPS: frozenset[Hop] = frozenset({"decided", "sent", "mined"})


class Book:
    """Writes down what happens to brakes, and tells it to everyone.

    Guarantees: when `write` returns, the step survives a crash; when `settle` returns, the topic
    has every step. What a crash kept from the topic is published after the restart, perhaps twice,
    under the same ids, with the same signature.
    """

    def __init__(
        self,
        journal: Journal,
        producer: Producer,
        metrics: Metrics,
        signer: Signer | None = None,
    ) -> None:
        """`signer` proves to who reads the topic whose steps they are."""
        self._journal = journal
        self._signer = signer
        self._producer = producer
        self._metrics = metrics
        self.ledger = fold(journal.entries)
        steps = [entry for entry in journal.entries if isinstance(entry, Step)]
        marks = [entry.published for entry in journal.entries if isinstance(entry, Mark)]
        self._published = max(marks, default=0)
        self._waiting = deque(steps[self._published :])
        for state in STATES:
            metrics.actions.labels(state)  # counted from 0, so that the first one shows as a rise

    def write(self, *steps: Step) -> None:
        """Put the steps on disk, then into the ledger; leave the topic for later.

        Raises `UnsafeToContinueError` when the disk did not take them.
        """
        self._journal.append(*steps)
        for step in steps:
            self._tell(step)
            self.ledger.take(step)
            self._waiting.append(step)

    def note(self, protocol: str, incident: str, time: Seconds) -> None:
        """Remember that an incident goes on, though nothing is done."""
        self.ledger.note(protocol, incident, time)

    def _tell(self, step: Step) -> None:
        _log.info(
            "brake",
            action=step.action.action,
            protocol=step.action.protocol,
            state=step.action.state,
            reason=step.action.reason,
        )
        self._metrics.actions.labels(step.action.state).inc()
        known = self.ledger.courses.get(step.action.action)
        passed = step.hops.keys() - (known.step.hops.keys() if known else set())
        for hop in passed & _OWN_HOPS if "received" in step.hops else ():
            elapsed = (step.hops[hop] - step.hops["received"]) / 1e9
            self._metrics.hop_seconds.labels(hop).observe(elapsed)

    def publish(self) -> None:
        """Hand to the producer what it has not had yet."""
        while self._waiting:
            step = self._waiting.popleft()
            key = step.action.protocol.encode()
            if step.consent is not None:
                named = ((headers.RECORD_ID, step.consent.id.encode()),)
                self._producer.send(CONSENTS.name, encode(step.consent), key=key, headers=named)
            value = encode(step.action)
            self._producer.send(
                ACTIONS.name,
                value,
                key=key,
                headers=(
                    (headers.RECORD_ID, step.action.id.encode()),
                    *headers.hop_headers(step.hops),
                    *(() if self._signer is None else signed(value, self._signer)),
                ),
            )

    def settle(self) -> None:
        """Return once the topic has every step, and the journal knows it."""
        self.publish()
        self._producer.flush()
        ahead = self.ledger.unmarked()
        if ahead or self._published < self.ledger.steps:
            self._published = self.ledger.steps
            self._journal.append(Mark(published=self._published, latest=ahead))
