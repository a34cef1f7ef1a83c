"""From one alert to what is done about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from responders import guard, policy, scoping
from responders.book import Book
from responders.decision import Decision, Surroundings, decide
from responders.entries import Step, passed
from responders.episodes import Episodes
from responders.executor import Executor
from responders.lanes import FLOOD
from responders.levers import Lever, Levers
from responders.linkage import Heard
from responders.outlook import Outlook
from responders.tightener import Tightener
from responders.verdicts import written
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.alerts import Alert
from schemas.headers import hops
from schemas.manifest import Manifest
from schemas.reach import Reach
from schemas.units import Seconds

_log = logger(__name__)

FAULTS = "alerts_flood", "budget_spent"
"""What people are told of, as the metric of brakes' faults names it."""


KEEPS_BACK = 5
"""Blocks for which a brake that is on its way, and in none of them, keeps a dearer one back."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One look at every brake, for one alert."""

    heard: Heard
    incident: str
    known: Surroundings
    gave_way: frozenset[str]
    """Brakes that were allowed before, for this alert, and could not be pulled."""


class Response:
    """Decides on every brake of an alert's protocol, writes it down, and pulls those that may be.

    Alerts of one incident brake a target once, as `Episodes` has it.
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
        self._episodes = Episodes(book, outlook)
        self._executor = executor
        self.tightener = Tightener(levers, book, executor, outlook, clock)
        """Acts where there is more to lose than is allowed, without an alert."""
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

    @property
    def apart(self) -> frozenset[str]:
        """The protocols with a brake whose call is known only from what a transaction did."""
        return frozenset(
            protocol
            for protocol, own in self._levers.items()
            if any(lever.unnamed for lever in own.values())
        )

    def answer(self, heard: Heard, count: int = 1) -> None:
        """Answer an alert, in the name of so many that are alike.

        Raises `TransientError` if a target that was braked before, or what the transaction did,
        cannot be looked at: read the alert again. `UnsafeToContinueError` if a step cannot be
        written down.
        """
        alert, withdrawn, link = heard.alert, heard.withdrawn, heard.link
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
            bucket=self._outlook.buckets.get(alert.protocol),
            link=link,
            fees_paid=self._outlook.fees_paid(manifest, alert.tx),
            link_fees_paid=0.0
            if link is None
            else self._outlook.fees_paid(manifest, link.alert.tx),
            heard=self._outlook.heard(alert.protocol),
        )
        reached = (levers[brake.name] for brake in policy.ladder(manifest))
        called_for = [one for own in reached for one in own.called_for(alert.tx)]
        gave_way: set[str] = set()
        for _ in levers:  # each further turn has an option fewer
            reach = self._reach(alert, levers, incident, known)
            turn = Turn(heard, incident, replace(known, reach=reach), frozenset(gave_way))
            self._answer(turn, called_for)
            options = [option.brake for option in reach.options] if reach is not None else []
            failed = {n for n in options if self._episodes.gave_way(levers[n], incident)}
            if not failed - gave_way:
                break
            gave_way |= failed
        self._book.note(alert.protocol, incident, time)
        self._show_budget(alert.protocol)

    def _answer(self, turn: Turn, called_for: Sequence[Lever]) -> None:
        """Decide on every brake, the narrowest first, and pull those that may be."""
        alert, incident = turn.heard.alert, turn.incident
        at_work: set[str] = set()
        for lever in called_for:
            brake = lever.brake
            if brake.name in turn.gave_way:
                continue
            around = replace(
                self._around(turn.known, lever, incident, alert.timestamp),
                narrower=policy.narrower(brake, alert, lever.manifest, at_work),
            )
            decision = self._decide(alert, lever, around)
            action = self._episodes.wanted(alert, lever, incident, decision)
            if action is not None:
                step = Step(
                    action=action,
                    block=alert.block,
                    time=alert.timestamp,
                    cause=alert.tx,
                    hops=hops(turn.heard.message.headers),
                )
                self._pull(step, decision)
            if not lever.proposed and self._episodes.at_work(lever, incident, alert.block):
                at_work.add(brake.name)

    def _around(
        self, known: Surroundings, lever: Lever, incident: str, time: Seconds
    ) -> Surroundings:
        """Return what is known as one brake's matter, with the budget as it is by now."""
        return replace(
            known,
            guard=self._book.ledger.guard,
            lapses=lever.adapter.plan().lapses_after is not None,
            lapsing=self._episodes.lapsing(lever, incident, time),
            call=lever.key.calldata,
            also_stops=lever.also_stops,
        )

    def _reach(
        self, alert: Alert, levers: Mapping[str, Lever], incident: str, known: Surroundings
    ) -> Reach | None:
        """Return where the loss gets, with the brakes that may be pulled now or just were.

        None of them is a brake that could keep others back without holding: one that is in place
        and was not enough, that could not be pulled, that waits for other operators or for a Safe's
        owners, or that is on its way for more than `KEEPS_BACK` blocks. It is judged by itself, as
        is one that halts nothing of the graph, or only what is yet to come.
        """
        reach = self._outlook.reach(alert.protocol, alert.losing)
        if reach is None:
            return None
        found = []
        for lever in levers.values():
            if lever.quorum is not None or lever.unnamed or lever.proposed:
                continue
            if self._episodes.at_work(lever, incident, alert.block):
                if self._episodes.pulled_for(lever, incident, alert.block) <= KEEPS_BACK:
                    found.append((lever.brake, 0.0))
            elif self._episodes.untried(lever, incident):
                around = self._around(known, lever, incident, alert.timestamp)
                if _whatever_its_age(alert, lever, around).allowed:
                    found.append((lever.brake, float(lever.manifest.cost_of(lever.brake))))
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

    def _pull(self, step: Step, decision: Decision) -> None:
        """Write the decision down, and act on it."""
        step = passed(step, "decided", self._clock.now_ns())
        if decision.reason == guard.SPENT:
            self._metrics.brake_faults.labels(step.action.protocol, "budget_spent").inc()
            _log.error("budget_spent", action=step.action.action, scope=step.action.scope)
        self._book.write(*written(step, decision, armed=self._outlook.armed))
        self._executor.advance(step.action.action)


def _whatever_its_age(alert: Alert, lever: Lever, around: Surroundings) -> Decision:
    """Decide as if a look at the head had shown that everything is at risk."""
    if guard.too_old(alert.block, around.head, lever.limits):
        around = replace(around, still_at_risk=inf)
    return decide(alert, lever.brake, lever.manifest, around)
