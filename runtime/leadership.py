"""One of several replicas works, the others stand by: the group decides who.

All join a consumer group for a topic of one partition; who is given the partition leads. The
group's coordinator notices a dead leader after the session's timeout, and lets the next one lead. A
leader has its lead confirmed by the coordinator every second (a commit is refused to who has lost
its place), and acts on it for no longer than `TRUSTED_SECONDS`: one that was stopped and wakes up
asks before it does anything more. What it had in hand at that moment is fenced off by who takes it:
readers of ingest's topics by `runtime.fencing`, gates by the term.

What is committed is the number of the leader's term. Who leads next reads it and commits a higher
one before it does anything, so no two leaders of a group have the same, and a later one has more.
"""

import threading
from collections.abc import Sequence

from runtime.broker import Broker, Offsets, Partition
from runtime.clock import Clock
from runtime.logs import logger
from schemas.errors import TransientError

_log = logger(__name__)

CONFIRM_SECONDS = 1.0

TRUSTED_SECONDS = 3.0
"""How old a confirmation may be: half of the session's timeout, so that nobody else leads yet."""

_TURN_SECONDS = 0.1
_LOOK_SECONDS = 0.01

_NOT_OURS = "another replica may lead now; started again, this one stands by"


class Leadership:
    """A replica's place in the group; `join` it, and `leave`."""

    def __init__(self, broker: Broker, group: str, topic: str, clock: Clock) -> None:
        self._broker = broker
        self._group = group
        self._consumer = broker.consumer(group)
        self._committing = threading.Lock()
        self._assigned = False
        self.term = 0
        """Of this replica, once it leads: the number of terms that the group knows of."""
        self._seat = Partition(topic, 0)
        self._clock = clock
        self._confirmed = -TRUSTED_SECONDS
        self._leaving = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="leadership", daemon=True)
        self.leads = threading.Event()
        """Set while this replica leads, as far as it knows."""
        self.over = threading.Event()
        """Set once it does not lead any more, or cannot: for good."""

    def join(self) -> None:
        """Join the group, and stay in it until `leave`."""
        self._thread.start()

    def leave(self) -> None:
        """Let the next one lead at once. What was sent has to be acknowledged before."""
        self._leaving.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def confirmed(self) -> bool:
        """Whether this replica leads by a confirmation that is fresh enough to go by."""
        age = self._clock.monotonic() - self._confirmed
        return self.leads.is_set() and not self.over.is_set() and age <= TRUSTED_SECONDS

    def here(self) -> bool:
        """Say whether this replica leads by now; False while it stands by for it. Raises as
        `require` does once its time is over."""
        if self.over.is_set():
            self.require()
        return self.leads.is_set()

    def require(self) -> None:
        """Return if this replica leads now.

        Raises `TransientError` when another one may lead, or the coordinator does not say.
        """
        if self._failure is not None:
            raise self._failure
        if self.over.is_set() or not self.leads.is_set():
            raise TransientError(_NOT_OURS)
        if not self.confirmed:
            self._confirm()

    def hold(self) -> None:
        """Return once the lead is confirmed; nobody is asked who might not answer.

        Raises `TransientError` when another one may lead, or `TRUSTED_SECONDS` went by without an
        answer: what is then in hand is not to be done.
        """
        for _ in range(int(TRUSTED_SECONDS / _LOOK_SECONDS)):
            if self.confirmed or self.over.wait(_LOOK_SECONDS):
                break
        if not self.confirmed:
            raise TransientError(_NOT_OURS)

    def raise_to(self, term: int) -> None:
        """Have at least this term; for who knows of later ones than the group does, whose memory
        ends a week after its last member. Raises `TransientError` as `require` does."""
        self._confirm(term)

    def _confirm(self, least: int = 0) -> None:
        with self._committing:  # or a lower term could be committed behind a higher one
            asked, term = self._clock.monotonic(), max(self.term, least)
            self._consumer.commit({self._seat: term})
            self.term, self._confirmed = term, asked

    def _run(self) -> None:
        try:
            self._consumer.subscribe([self._seat.topic], self)
            while not self._leaving.is_set():
                self._turn()
        except BaseException as error:  # noqa: BLE001 - raised by `require`, where it can be handled
            self._failure = error
            self.over.set()
        finally:
            self._consumer.close()

    def _turn(self) -> None:
        self._consumer.fetch(1, _TURN_SECONDS)
        self._leaving.wait(_TURN_SECONDS)
        if self._assigned and not self.leads.is_set() and not self.over.is_set():
            self._take()
            return
        due = self._clock.monotonic() - self._confirmed > CONFIRM_SECONDS
        if self.leads.is_set() and due:
            try:
                self._confirm()
            except TransientError as error:
                _log.warning("lead_not_confirmed", error=str(error))

    def _take(self) -> None:
        """Lead, if a new term can be begun; else try again in the next turn."""
        try:
            known = self._broker.committed(self._group, [self._seat]).get(self._seat, 0)
            self._confirm(known + 1)
        except TransientError as error:
            _log.warning("lead_not_taken", error=str(error))
            return
        self.leads.set()
        _log.info("leads", group_topic=self._seat.topic, term=self.term)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Be the next to lead."""
        if self._seat not in partitions:
            return {}
        self._consumer.pause(partitions)  # it is for the seat that we came, not to read
        self._assigned = True
        return {self._seat: 0}

    def revoked(self, partitions: Sequence[Partition]) -> None:
        """Lead no longer."""
        self._end(partitions)

    def lost(self, partitions: Sequence[Partition]) -> None:
        """Lead no longer; somebody else may already."""
        self._end(partitions)

    def _end(self, partitions: Sequence[Partition]) -> None:
        if self._seat in partitions:
            self.leads.clear()
            self.over.set()
