"""One of several replicas works, the others stand by: the group decides who.

All join a consumer group for a topic of one partition; who is given the partition leads. The
group's coordinator notices a dead leader after the session's timeout, and lets the next one lead. A
leader has its lead confirmed by the coordinator every second (a commit is refused to who has lost
its place), and acts on it for no longer than `TRUSTED_SECONDS`: one that was stopped and wakes up
asks before it does anything more. What it had in hand at that moment is fenced off by
`runtime.fencing`.
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


class Leadership:
    """A replica's place in the group; `join` it, and `leave`."""

    def __init__(self, broker: Broker, group: str, topic: str, clock: Clock) -> None:
        self._consumer = broker.consumer(group)
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

    def require(self) -> None:
        """Return if this replica leads now.

        Raises `TransientError` when another one may lead, or the coordinator does not say.
        """
        if self._failure is not None:
            raise self._failure
        if self.over.is_set() or not self.leads.is_set():
            raise TransientError("another replica may lead now; started again, this one stands by")
        if not self.confirmed:
            self._confirm()

    def _confirm(self) -> None:
        asked = self._clock.monotonic()
        self._consumer.commit({self._seat: 0})
        self._confirmed = asked

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
        due = self._clock.monotonic() - self._confirmed > CONFIRM_SECONDS
        if self.leads.is_set() and due:
            try:
                self._confirm()
            except TransientError as error:
                _log.warning("lead_not_confirmed", error=str(error))

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Lead."""
        if self._seat not in partitions:
            return {}
        self._consumer.pause(partitions)  # it is for the seat that we came, not to read
        self._confirmed = self._clock.monotonic()
        self.leads.set()
        _log.info("leads", group_topic=self._seat.topic)
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
