"""The respond service: signed alerts and signals in, brakes and their every step out."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from responders.book import Book
from responders.bounds import Look
from responders.crowd import Crowd
from responders.executor import Executor
from responders.groups import Group, Lane
from responders.hearing import hear
from responders.intake import AlertIntake
from responders.lanes import Lanes
from responders.linkage import Heard
from responders.recall import Recall
from responders.response import Response
from responders.succession import Succession
from runtime.broker import Message, Offsets, Partition
from runtime.clock import Clock
from runtime.logs import logger
from runtime.signal_intake import SignalIntake
from schemas.alerts import Alert, AlertRecord
from schemas.errors import TransientError
from schemas.topics import ALERTS, CONSENTS

_log = logger(__name__)

WAITS = 1.0
"""Seconds that alerts wait behind a crowd, for others that are alike."""

TURN = 0.05
"""Seconds of each turn of the loop that go to them: by so much do they hold up a brake at most."""

SETTLE_AFTER = 5.0
"""Seconds between two checks that the topic has every step, also when no alert comes.

None is made while a brake is under way: a broker that is down must not end the process then."""


class Ears(NamedTuple):
    """What a responder reads its topics with."""

    alerts: AlertIntake
    neighbours: SignalIntake | None = None
    """None where no manifest listens to anybody."""
    recall: Recall | None = None
    """None where nothing was answered before."""
    succession: Succession | None = None
    """None where there is no other replica."""


class Responder:
    """What the consumer loop runs. While no node answers it takes no alerts: they wait in their
    topic, and are judged by their age when one does."""

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
        self._lanes = Lanes(response.manifests, self._believes, response.apart)
        self._executor = executor
        self._book = book
        self._clock = clock
        self._look_every = look_every
        self._look_at = self._settle_at = clock.monotonic()
        self._crowd = Crowd(self._look_at)
        self._sees = False

    @property
    def chain(self) -> str:
        """The chain whose alerts it answers."""
        return self._ears.alerts.chain

    @property
    def topics(self) -> tuple[str, ...]:
        """Alerts, and operators' words where any have a say."""
        return self._ears.alerts.topics

    def tell(self, look: Look) -> None:
        """Hear how what there is to lose stands against its bounds, from any thread; it is acted on
        at the next look at the chain."""
        self._response.tightener.tell(look)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Know again what was answered of late, and start where the group stopped; with operators'
        words, which are kept in memory alone, where the oldest may still be valid. What another
        replica left is read again."""
        again = self._ears.succession
        left = {} if again is None else again.starts(partitions)
        if self._ears.recall is not None:
            self._ears.recall.read(partitions, self._remember, left)
        return {**self._ears.alerts.starts(partitions), **left}

    def _remember(self, batch: Sequence[Message]) -> None:
        """Know alerts again, and what was withdrawn of them; answer none and end no brake."""
        head = self._executor.head
        for message in batch:
            record = self._ears.alerts.recalled(message, head)
            if isinstance(record, Alert):
                self._lanes.recall(Heard(message, record), head)
            elif record is not None:
                self._lanes.withdraw(record)

    def released(self, partitions: Sequence[Partition]) -> None:
        """Forget what their alerts may be tied to. Go on with the brakes that were begun: their
        nonces are this account's."""
        self._lanes.release({one.number for one in partitions if one.topic == ALERTS.name})

    def process(self, batch: Sequence[Message]) -> None:
        """Answer every alert, in order; one that the same batch takes back is not acted on. What
        operators say is heard before.

        Raises `TransientError` when another replica may answer them.
        """
        self._executor.lead.hold()
        alerts = [message for message in batch if message.topic == ALERTS.name]
        words = (message for message in batch if message.topic == CONSENTS.name)
        hear(words, self._ears.alerts, self._executor)
        read = [(message, self._ears.alerts.read(message)) for message in alerts]
        void = self._withdrawn((message, one) for message, one in read if one is not None)
        now = self._clock.monotonic()
        for message, record in read:
            if isinstance(record, Alert):
                self._lanes.add(Heard(message, record, record.id in void), now)
        self._answer(Lane.NARROW if self._crowd.overflows(len(alerts), now) else Lane.REST)
        self._book.publish()

    def _withdrawn(self, read: Iterable[tuple[Message, AlertRecord]]) -> set[str]:
        """End what waits on alerts that are withdrawn; return those whose last word that is."""
        void: set[str] = set()
        for message, record in read:
            if isinstance(record, Alert):
                if record.id in void and self._believes(message, record):
                    void.discard(record.id)
            elif self._believes(message, record):
                void.add(record.alert)
                self._lanes.withdraw(record)
                self._executor.withdraw(record.alert)
        return void

    def _believes(self, message: Message, record: AlertRecord) -> bool:
        return self._ears.alerts.believes(message, record, self._executor.head)

    def _answer(self, worst: Lane, wanted: Callable[[Group], bool] = lambda _: True) -> None:
        for heard, count in self._lanes.take(worst, wanted):
            self._response.answer(heard, count)

    def _catch_up(self, now: float) -> None:
        """Answer what waited long enough behind a crowd, for one turn."""
        until = self._clock.monotonic() + TURN
        self._answer(
            Lane.REST,
            lambda group: now - group.arrived >= WAITS and self._clock.monotonic() < until,
        )

    def tick(self) -> None:
        """Look at the chain, let brakes that wait for it go on, hear what neighbours say."""
        now = self._clock.monotonic()
        if len(self._lanes) and self._executor.lead.confirmed:
            self._catch_up(now)
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
            self._response.figures.show_budgets()
            self._response.prepare()
            if self._executor.lead.confirmed:
                self._response.tightener.heed()
            if self._ears.neighbours is not None:
                self._ears.neighbours.show(self._executor.time)
        self._book.publish()

    def checkpoint(self, offsets: Offsets) -> None:  # noqa: ARG002 - the journal is ahead of any offset
        """Answer what waits, then wait until the topic has every step.

        Raises `TransientError` when another replica may answer it.
        """
        if len(self._lanes):
            self._executor.lead.hold()
            self._answer(Lane.REST)
        self._book.settle()

    def ready(self) -> bool:
        """Say whether a node answered the last time."""
        return self._sees

    @property
    def obstacle(self) -> str:
        """What keeps it from its work, '' when nothing does."""
        return "" if self._sees else "a node that answers"
