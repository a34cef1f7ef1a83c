"""From one alert to what is done about it."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf

import msgspec

from responders import guard, healing, policy, scoping
from responders.actions import follow, proposed, reopened
from responders.adapters.base import Condition
from responders.book import Book
from responders.decision import Decision, Surroundings, decide
from responders.entries import Step, passed
from responders.executor import Executor
from responders.lanes import FLOOD, Heard
from responders.ledger import Course
from responders.levers import Lever, Levers
from responders.outlook import Outlook
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.actions import Action
from schemas.alerts import Alert
from schemas.headers import hops
from schemas.ids import action_id
from schemas.manifest import Manifest
from schemas.reach import Reach
from schemas.units import Seconds

_log = logger(__name__)

FAULTS = "alerts_flood", "budget_spent"
"""What people are told of, as the metric of brakes' faults names it."""


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
        for protocol in self._levers:
            metrics.coalesced.labels(protocol)
            for fault in FAULTS:
                metrics.brake_faults.labels(protocol, fault)

    @property
    def manifests(self) -> dict[str, Manifest]:
        """Whose alerts are answered, by protocol."""
        return {name: next(iter(own.values())).manifest for name, own in self._levers.items()}

    def answer(self, heard: Heard, count: int = 1) -> None:
        """Answer an alert, in the name of so many that are alike.

        Raises `TransientError` if a target that was braked before cannot be looked at: read the
        alert again. `UnsafeToContinueError` if a step cannot be written down.
        """
        alert, withdrawn = heard.alert, heard.withdrawn
        levers = self._levers.get(alert.protocol, {})
        if not levers:
            return
        self._count(alert.protocol, count)
        manifest = next(iter(levers.values())).manifest
        ledger, time = self._book.ledger, alert.timestamp
        incident = ledger.incident(alert.chain, alert.protocol, alert.tx, time)
        known = Surroundings(
            guard=ledger.guard,
            head=max(self._outlook.head, alert.block),
            withdrawn=withdrawn,
            value_exposed=self._outlook.value(alert.protocol),
            fees_paid=self._outlook.fees_paid(manifest, alert.tx),
            heard=self._outlook.heard(alert.protocol),
        )
        known = replace(known, reach=self._reach(alert, levers, incident, known))
        at_work: set[str] = set()
        for brake in policy.ladder(manifest):
            lever = levers[brake.name]
            around = replace(
                self._around(known, lever, incident, time),
                narrower=policy.narrower(brake, alert, manifest, at_work),
            )
            decision = self._decide(alert, lever, around)
            action = self._wanted(alert, lever, incident, decision)
            if action is not None:
                step = Step(
                    action=action,
                    block=alert.block,
                    time=time,
                    cause=alert.tx,
                    hops=hops(heard.message.headers),
                )
                self._pull(step, decision)
            if self._at_work(lever, incident, alert.block):
                at_work.add(brake.name)
        self._book.note(alert.protocol, incident, time)
        self._show_budget(alert.protocol)

    def _around(
        self, known: Surroundings, lever: Lever, incident: str, time: Seconds
    ) -> Surroundings:
        """Return what is known as one brake's matter, with the budget as it is by now."""
        return replace(
            known,
            guard=self._book.ledger.guard,
            lapses=lever.adapter.plan().lapses_after is not None,
            lapsing=self._lapsing(self._latest(lever, incident), lever, time),
            also_stops=lever.also_stops,
        )

    def _reach(
        self, alert: Alert, levers: Mapping[str, Lever], incident: str, known: Surroundings
    ) -> Reach | None:
        """Return where the loss gets, with the brakes that may be pulled now or just were.

        A brake that is in place, and was not enough, is none of them: it is judged by itself, and
        so is one that halts nothing of the graph.
        """
        reach = self._outlook.reach(alert.protocol, alert.losing)
        if reach is None:
            return None
        found = []
        for lever in levers.values():
            cost = 0.0
            if not self._at_work(lever, incident, alert.block):
                latest = self._latest(lever, incident)
                if latest is not None and latest.state not in ("refused", "failed"):
                    continue
                around = self._around(known, lever, incident, alert.timestamp)
                if not _whatever_its_age(alert, lever, around).allowed:
                    continue
                cost = float(lever.manifest.cost_of(lever.brake))
            found.append((lever.brake, cost))
        return scoping.with_options(reach, next(iter(levers.values())).manifest, found)

    def _count(self, protocol: str, count: int) -> None:
        """Tell how many alerts were answered as one; people, if they are a flood."""
        self._metrics.coalesced.labels(protocol).inc(count - 1)
        if count >= FLOOD:
            self._metrics.brake_faults.labels(protocol, "alerts_flood").inc()
            _log.error("alerts_flood", protocol=protocol, alerts=count)

    def show_budgets(self) -> None:
        """Show how many brakes each protocol has left in the window around the newest block, and
        whether they are sent."""
        for protocol in self._levers:
            self._show_budget(protocol)

    def prepare(self) -> None:
        """Look ahead for what an alert may ask for."""
        scoping.prepare(self._outlook, self.manifests.values())

    def _show_budget(self, protocol: str) -> None:
        limits = next(iter(self._levers[protocol].values())).limits
        spent, now = self._book.ledger.guard, self._outlook.time
        asked = (guard.Request(protocol, "", now, scope) for scope in guard.SCOPES)
        left = min(guard.brakes_left(spent, request, limits) for request in asked)
        self._metrics.budget_left.labels(protocol).set(left)
        self._metrics.armed.labels(protocol).set(self._outlook.armed)

    def _decide(self, alert: Alert, lever: Lever, around: Surroundings) -> Decision:
        """Decide, with a look at the head where nothing but the alert's age stands against it."""
        brake, manifest = lever.brake, lever.manifest
        decision = decide(alert, brake, manifest, around)
        if decision.allowed or not guard.too_old(alert.block, around.head, lever.limits):
            return decision
        if not _whatever_its_age(alert, lever, around).allowed:
            return decision
        at_risk = self._outlook.still_at_risk(alert.protocol, alert.tx)
        return decide(alert, brake, manifest, replace(around, still_at_risk=at_risk))

    def _at_work(self, lever: Lever, incident: str, block: int) -> bool:
        """Say whether a brake was pulled in this incident so lately that what happened in this
        block does not tell whether it is enough."""
        latest = self._latest(lever, incident)
        if latest is None or latest.state in ("refused", "failed", "satisfied"):
            return False
        if latest.state in ("included", "final"):
            return (latest.action.block or 0) >= block
        return latest.open or latest.step.block >= block

    def _pull(self, step: Step, decision: Decision) -> None:
        """Write the decision down, and act on it."""
        step = passed(step, "decided", self._clock.now_ns())
        if decision.reason == guard.SPENT:
            self._metrics.brake_faults.labels(step.action.protocol, "budget_spent").inc()
            _log.error("budget_spent", action=step.action.action, scope=step.action.scope)
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
            if following is None and not self._over(known, lever, alert, decision):
                break
            episode += 1
        if known is None:
            name = _name(lever, incident, episode)
            return proposed(name, lever, incident, alert, decision.terms, decision.beside)
        if self._asks_again(known, lever, decision):
            return reopened(known.action, alert, decision.terms, decision.beside)
        return None

    def _over(self, known: Course, lever: Lever, alert: Alert, decision: Decision) -> bool:
        """Say whether a brake is to be set anew: it was released, or would lapse at the wrong
        time."""
        if decision.allowed and decision.renewal:
            return self._lapsing(known, lever, alert.timestamp)
        return known.state == "final" and self._released(lever)

    def _lapsing(self, course: Course | None, lever: Lever, time: Seconds) -> bool:
        if course is None or course.state not in ("included", "final"):
            return False
        return healing.due(course.step.time, lever.adapter.plan().lapses_after, time)

    def _latest(self, lever: Lever, incident: str) -> Course | None:
        """Return a brake's latest episode in an incident."""
        episode, latest = 0, None
        while (course := self._course(lever, incident, episode)) is not None:
            episode, latest = episode + 1, course
        return latest

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


def _whatever_its_age(alert: Alert, lever: Lever, around: Surroundings) -> Decision:
    """Decide as if a look at the head had shown that everything is at risk."""
    if guard.too_old(alert.block, around.head, lever.limits):
        around = replace(around, still_at_risk=inf)
    return decide(alert, lever.brake, lever.manifest, around)


def _name(lever: Lever, incident: str, episode: int) -> str:
    plan = lever.adapter.plan()
    return action_id(lever.manifest.chain, plan.target, plan.calldata, incident, episode)


def _decided(step: Step, state: str, decision: Decision) -> Step:
    beside = decision.beside
    action = follow(
        step.action,
        state,
        decision.reason,
        terms=decision.terms,
        heard=beside.heard,
        reach=beside.reach,
    )
    return msgspec.structs.replace(step, action=action)
