"""Tightens a bucket where more may be lost than is allowed, as any brake is pulled."""

from queue import Empty, SimpleQueue

from responders import guard, tightening
from responders.actions import Ground, proposed, reopened, unprompted
from responders.adapters.base import Condition
from responders.allowance import Allowance
from responders.book import Book
from responders.bounds import Look
from responders.buckets import bucket_of, tightens
from responders.entries import Step, passed
from responders.executor import Executor
from responders.inputs import NOTHING
from responders.ledger import Course
from responders.levers import Lever, Levers, key_of
from responders.outlook import Outlook
from responders.verdicts import written
from runtime.clock import Clock
from runtime.logs import logger
from schemas.errors import TransientError

_log = logger(__name__)

_Place = tuple[str, str]
"""A protocol, and a token of it."""


class Tightener:
    """Acts on what `responders.bounds` finds: `tell` may be called from any thread, the rest is for
    the one that brakes."""

    def __init__(
        self, levers: Levers, book: Book, executor: Executor, outlook: Outlook, clock: Clock
    ) -> None:
        self._levers = {
            (lever.manifest.protocol, token): lever
            for lever in levers.values()
            if (token := tightens(lever.brake)) is not None
            and lever.brake.scope == "T1"
            and lever.brake.target == bucket_of(lever.manifest, token)
        }
        self._book = book
        self._executor = executor
        self._outlook = outlook
        self._clock = clock
        self._told: SimpleQueue[Look] = SimpleQueue()
        self._ended: set[_Place] = set()

    def tell(self, look: Look) -> None:
        """Leave what was found until `heed`."""
        self._told.put(look)

    def heed(self) -> None:
        """Act on what was found.

        What no node answers is left to the next look. Raises `UnsafeToContinueError` when a step
        cannot be written down.
        """
        while True:
            try:
                look = self._told.get_nowait()
            except Empty:
                return
            self._take(look)

    def _take(self, look: Look) -> None:
        self._outlook.bound(look.protocol, look.present)
        for allowance in look.allowances:
            place = look.protocol, allowance.token
            if allowance.wanted is None:
                self._ended.add(place)
            elif place in self._levers:
                try:
                    self._consider(place, allowance)
                except TransientError as error:
                    _log.warning("tightening_waits", protocol=look.protocol, error=str(error))

    def _consider(self, place: _Place, allowance: Allowance) -> None:
        lever, outlook = self._levers[place], self._outlook
        last = self._latest(lever)
        ended, window = place in self._ended, lever.limits.window_seconds
        if not tightening.due(last, outlook.time, window, ended=ended, armed=outlook.armed):
            return
        excess = self._excess(lever, allowance)
        if excess is None or lever.adapter.probe(outlook.head) is not Condition.OPEN:
            return
        decision = tightening.judge(excess, lever.brake.scope)
        before = last if last and tightening.resumed(last, armed=outlook.armed) else None
        ground = self._ground(lever, allowance, before)
        if before is None:
            name = lever.action(ground.id)
            action = proposed(name, lever, ground.id, ground, decision.terms, NOTHING)
        else:
            action = reopened(before.action, ground, decision.terms)
        step = Step(action=action, block=ground.block, time=ground.timestamp)
        step = passed(step, "decided", self._clock.now_ns())
        self._ended.discard(place)
        self._book.write(*written(step, decision, armed=outlook.armed))
        self._executor.advance(action.action)

    def _ground(self, lever: Lever, allowance: Allowance, before: Course | None) -> Ground:
        """Return what a tightening is for; `before` is the one that goes on."""
        chain, plan, seen = lever.manifest.chain, lever.adapter.plan(), self._outlook
        anew = tightening.name(chain, plan.target, plan.calldata, seen.time)
        return Ground(
            id=anew if before is None else before.action.incident,
            chain=chain,
            protocol=lever.manifest.protocol,
            block=seen.head,
            timestamp=seen.time,
            summary=f"an incident may cost {allowance.worst:.0f} in {allowance.symbol} before a "
            f"brake holds; {allowance.allowable:.0f} are allowed",
        )

    def _excess(self, lever: Lever, allowance: Allowance) -> tightening.Excess | None:
        """Return the numbers; None where one of them is not known: then people are told, and
        nothing is done."""
        costs, bucket = lever.manifest.halt, allowance.bucket
        if costs is None or bucket is None or allowance.held is None:
            return None
        request = guard.Request(lever.manifest.protocol, lever.target, self._outlook.time, "T1")
        return tightening.Excess(
            worst_loss=float(allowance.worst),
            allowable_loss=float(allowance.allowable),
            bucket_capacity=float(bucket.capacity),
            bucket_refill=float(bucket.refill),
            response=costs.response_seconds,
            brakes_left=guard.brakes_left(self._book.ledger.guard, request, lever.limits),
        )

    def _latest(self, lever: Lever) -> Course | None:
        """Return this bucket's latest tightening on no alert that the ledger knows."""
        courses = self._book.ledger.courses.values()
        own = (one for one in courses if unprompted(one.action) and key_of(one.action) == lever.key)
        return max(own, key=lambda one: one.step.time, default=None)
