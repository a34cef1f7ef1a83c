"""The respond service: signed alerts and signals in, brakes and their every step out."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from responders.book import Book
from responders.executor import Executor
from responders.hearing import Hearing
from responders.intake import AlertIntake
from responders.response import Response
from runtime.broker import Message, Offsets, Partition
from runtime.clock import Clock
from runtime.logs import logger
from schemas.alerts import Alert, AlertRecord
from schemas.errors import TransientError
from schemas.headers import hops
from schemas.topics import ALERTS

_log = logger(__name__)

SETTLE_AFTER = 5.0
"""Seconds between two checks that the topic has every step, also when no alert comes.

None is made while a brake is under way: a broker that is down must not end the process then."""


class Ears(NamedTuple):
    """What a responder reads its topics with."""

    alerts: AlertIntake
    neighbours: Hearing | None = None
    """None where no manifest listens to anybody."""


class Responder:
    """What the consumer loop runs. While no node answers it takes no alerts: they wait in their
    topic, and are judged by their age when one does."""

    topics = (ALERTS.name,)

    def __init__(
        self,
        ears: Ears,
        response: Response,
        executor: Executor,
        book: Book,
        clock: Clock,
        look_every: float,
    ) -> None:
        """`look_every` is how often to look at the chain, in seconds."""
        self._ears = ears
        self._response = response
        self._executor = executor
        self._book = book
        self._clock = clock
        self._look_every = look_every
        self._look_at = self._settle_at = clock.monotonic()
        self._sees = False

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:  # noqa: ARG002 - nothing is kept by partition
        """Start where the group stopped."""
        return {}

    def released(self, partitions: Sequence[Partition]) -> None:
        """Go on with the brakes that were begun: their nonces are this account's."""

    def process(self, batch: Sequence[Message]) -> None:
        """Answer every alert, in order; one that the same batch takes back is not acted on."""
        alerts = self._ears.alerts
        read = [(message, alerts.read(message, self._executor.head)) for message in batch]
        void = _void(record for _, record in read if record is not None)
        for message, record in read:
            if isinstance(record, Alert):
                self._response.answer(record, hops(message.headers), withdrawn=record.id in void)
            elif record is not None:
                self._executor.withdraw(record.alert)
        self._book.publish()

    def tick(self) -> None:
        """Look at the chain, let brakes that wait for it go on, hear what neighbours say."""
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + self._look_every
            self._look()
        if self._sees and self._ears.neighbours is not None:
            self._ears.neighbours.listen(self._executor.time)
        if now >= self._settle_at and not self._book.ledger.open():
            self._settle_at = now + SETTLE_AFTER
            self._book.settle()

    def _look(self) -> None:
        try:
            self._executor.look()
        except TransientError as error:
            _log.error("no_node_answers", error=str(error))
            self._sees = False
        else:
            self._sees = True
            self._response.show_budgets()
            if self._ears.neighbours is not None:
                self._ears.neighbours.show(self._executor.time)
        self._book.publish()

    def checkpoint(self, offsets: Offsets) -> None:  # noqa: ARG002 - the journal is ahead of any offset
        """Wait until the topic has every step."""
        self._book.settle()

    def ready(self) -> bool:
        """Say whether a node answered the last time."""
        return self._sees

    @property
    def obstacle(self) -> str:
        """What keeps it from its work, '' when nothing does."""
        return "" if self._sees else "a node that answers"


def _void(records: Iterable[AlertRecord]) -> set[str]:
    """Return the alerts whose last word is that they are withdrawn."""
    void = set()
    for record in records:
        if isinstance(record, Alert):
            void.discard(record.id)
        else:
            void.add(record.alert)
    return void
