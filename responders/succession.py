"""What a responder takes over from the replica that led before.

Each replica has a journal of its own, and the topic has a copy of every step that any of them took.
Who begins to lead learns from it what the others did: budgets and cooldowns go on as they were,
incidents as of their newest step, and what has ended is not done again.

A step that no responder's key signed is passed over, where such keys are named (`runtime.actors`).

What had not ended is judged again. A step on the topic proves no alert, so nothing is sent because
of one: the brake is refused here, and the signed alerts since it was proposed are read once more.
What was pulled on none goes on where the chain is seen to ask for it (`responders.tightening`).
Whatever the other one had sent may still be mined. At a gate that is the same action, which works
once; a target without a gate is braked twice, by the same call. One that is mined already is
followed to finality; if its block leaves the chain it is refused, and the next alert asks again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from responders.actions import ENDED, unprompted
from responders.book import Book
from responders.entries import Step
from responders.ledger import Ledger
from runtime.actors import Actors
from runtime.broker import Broker, Message, Offsets, Partition, read_all
from runtime.clock import Clock
from runtime.logs import logger
from schemas.actions import Action
from schemas.cases import CASE_WINDOW
from schemas.errors import PoisonRecordError
from schemas.manifest import Manifest
from schemas.topics import ACTIONS, ALERTS

_log = logger(__name__)

MARGIN = 60
"""Seconds by which clocks of brokers and services may differ."""

OLDEST = 4 * 3600
"""Seconds: what was proposed longer ago is not judged again. Far longer than an alert is worth
anything, so that a clock may be wrong."""

_LEFT = "left by the replica that led before, and judged again"


@dataclass(slots=True)
class Told:
    """What the topic has of one brake."""

    steps: dict[int, Action] = field(default_factory=dict)
    """By number; of one that two replicas took, what was written last."""
    since: int = 0
    """When the first of them was written, in milliseconds since 1970."""

    @property
    def left(self) -> bool:
        """Whether it had neither ended nor been mined."""
        return self.steps[max(self.steps)].state not in ENDED | {"included"}


class Succession:
    """Takes over what stands on the topic; says which alerts have to be read again."""

    def __init__(
        self, broker: Broker, group: str, chain: str, clock: Clock, actors: Actors | None = None
    ) -> None:
        """`group` is the one in which whoever leads reads the chain's alerts; `actors` are those
        whose steps are believed, everybody without them."""
        self._actors = actors or Actors()
        self._broker = broker
        self._group = group
        self._chain = chain
        self._clock = clock
        self._again: dict[Partition, int] = {}

    def take_over(self, book: Book, manifests: Iterable[Manifest]) -> None:
        """Learn what others did for as long as any limit looks back, and end what they left.

        Raises `TransientError` when the broker does not answer, `UnsafeToContinueError` when a step
        cannot be written down.
        """
        now = self._clock.now_ns() // 1_000_000
        limits = [one.limits for one in manifests]
        spans = [max(one.window_seconds, one.cooldown_seconds) for one in limits]
        back = max(OLDEST, CASE_WINDOW, *spans) + MARGIN
        told = self._told(max(0, now - back * 1000))
        left = learn(book.ledger, told)
        for name in left:
            book.write(book.ledger.courses[name].then("refused", _LEFT))
        courses = book.ledger.courses
        since = [told[name].since for name in left if not unprompted(courses[name].action)]
        lately = [one for one in since if now - one <= OLDEST * 1000]
        if lately:
            self._read_again(max(0, min(lately) - MARGIN * 1000))
        _log.info("took_over", brakes=len(told), left=left)

    def starts(self, partitions: Sequence[Partition]) -> Offsets:
        """Return where to start each of these that has alerts to read again; once."""
        return {one: self._again.pop(one) for one in partitions if one in self._again}

    def _read_again(self, since: int) -> None:
        found = self._broker.offsets_at(ALERTS.name, since)
        done = self._broker.committed(self._group, list(found))
        self._again = {one: min(done[one], found[one]) for one in found if one in done}

    def _told(self, since: int) -> dict[str, Told]:
        found: dict[str, Told] = {}

        def take(message: Message) -> None:
            try:
                action = self._actors.read(message)
            except PoisonRecordError:
                return  # whoever keeps cases has it among the dead letters
            if action.chain == self._chain and action.alert_time is not None:
                one = found.setdefault(action.action, Told(since=message.time))
                one.steps[action.step] = action

        for partition, start in self._broker.offsets_at(ACTIONS.name, since).items():
            read_all(self._broker, partition, take, start)
        return found


def learn(ledger: Ledger, told: dict[str, Told]) -> list[str]:
    """Fold in every step that lies beyond those that this replica took itself; return the brakes
    that others left before they ended."""
    left = []
    for name, one in told.items():
        own = ledger.courses.get(name)
        known = -1 if own is None else own.action.step
        beyond = [one.steps[number] for number in sorted(one.steps) if number > known]
        for action in beyond:
            block, time = action.alert_block or 0, action.alert_time or 0
            ledger.learn(Step(action=action, block=block, time=time))
        if beyond and one.left:
            left.append(name)
    return left
