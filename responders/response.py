"""From one alert to what is done about it."""

from collections.abc import Mapping

import msgspec

from responders import guard, policy
from responders.actions import follow, proposed, reopened
from responders.adapters.base import Condition
from responders.book import Book
from responders.decision import Decision, decide
from responders.entries import Step, passed
from responders.executor import Executor
from responders.ledger import Course
from responders.levers import Lever, Levers
from responders.outlook import Outlook
from runtime.clock import Clock
from runtime.metrics import Metrics
from schemas.actions import Action
from schemas.alerts import Alert
from schemas.ids import action_id
from schemas.incidents import Hop


class Response:
    """Decides on every brake of an alert's protocol, writes it down, and pulls those that may be.

    Alerts of one incident brake a target once, unless it was released since: then a new episode of
    the incident begins.
    """

    def __init__(
        self,
        levers: Levers,
        book: Book,
        executor: Executor,
        outlook: Outlook,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._levers: dict[str, dict[str, Lever]] = {}
        for lever in levers.values():
            self._levers.setdefault(lever.manifest.protocol, {})[lever.brake.name] = lever
        self._book = book
        self._executor = executor
        self._outlook = outlook
        self._clock = clock
        self._metrics = metrics

    def answer(self, alert: Alert, hops: Mapping[Hop, int], *, withdrawn: bool) -> None:
        """Answer one alert; `withdrawn` says that it is known to hold no longer.

        Raises `TransientError` if a target that was braked before cannot be looked at: read the
        alert again. `UnsafeToContinueError` if a step cannot be written down.
        """
        levers = self._levers.get(alert.protocol, {})
        if not levers:
            return
        manifest = next(iter(levers.values())).manifest
        ledger, time = self._book.ledger, alert.timestamp
        incident = ledger.incident(alert.chain, alert.protocol, alert.tx, time)
        # A waiting transaction was simulated on the block before the one that it may get into; a
        # brake that waited for that block would come behind it.
        block = alert.block - (alert.phase == "pending")
        head = max(self._outlook.head, block)
        for candidate in policy.candidates(alert, manifest, withdrawn=withdrawn):
            lever = levers[candidate.brake.name]
            decision = decide(alert, candidate, manifest, ledger.guard, head)
            action = self._wanted(alert, lever, incident, decision)
            if action is not None:
                step = Step(action=action, block=block, time=time, hops=dict(hops))
                self._pull(step, decision)
        self._book.note(alert.protocol, incident, time)
        self._show_budget(alert.protocol)

    def show_budgets(self) -> None:
        """Show how many brakes each protocol has left in the window around the newest block."""
        for protocol in self._levers:
            self._show_budget(protocol)

    def _show_budget(self, protocol: str) -> None:
        limits = next(iter(self._levers[protocol].values())).limits
        left = guard.brakes_left(self._book.ledger.guard, protocol, self._outlook.time, limits)
        self._metrics.budget_left.labels(protocol).set(left)

    def _pull(self, step: Step, decision: Decision) -> None:
        """Write the decision down, and act on it."""
        step = passed(step, "decided", self._clock.now_ns())
        if not decision.allowed:
            self._book.write(step, _decided(step, "refused", decision))
        elif self._outlook.armed:
            self._book.write(step, _decided(step, "authorised", decision))
        else:
            self._book.write(step)
        self._executor.advance(step.action.action)

    def _wanted(
        self, alert: Alert, lever: Lever, incident: str, decision: Decision
    ) -> Action | None:
        """Return the proposal of the brake, None when this alert adds nothing to what was done."""
        episode = 0
        while (known := self._course(lever, incident, episode)) is not None:
            following = self._course(lever, incident, episode + 1)
            if known.state != "final" or not (following or self._released(lever)):
                break
            episode += 1
        if known is None:
            name = _name(lever, incident, episode)
            return proposed(name, lever, incident, alert, decision.terms)
        if self._asks_again(known, lever, decision):
            return reopened(known.action, alert, decision.terms)
        return None

    def _asks_again(self, known: Course, lever: Lever, decision: Decision) -> bool:
        if known.open or known.state == "final":
            return False
        if known.state == "rehearsed":
            return self._outlook.armed
        if known.state == "satisfied":
            return self._released(lever)
        return decision.allowed or decision.reason != known.action.reason

    def _course(self, lever: Lever, incident: str, episode: int) -> Course | None:
        return self._book.ledger.courses.get(_name(lever, incident, episode))

    def _released(self, lever: Lever) -> bool:
        return lever.adapter.probe(self._outlook.head) is Condition.OPEN


def _name(lever: Lever, incident: str, episode: int) -> str:
    plan = lever.adapter.plan()
    return action_id(lever.manifest.chain, plan.target, plan.calldata, incident, episode)


def _decided(step: Step, state: str, decision: Decision) -> Step:
    action = follow(step.action, state, decision.reason, terms=decision.terms)
    return msgspec.structs.replace(step, action=action)
