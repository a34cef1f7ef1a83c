"""From one alert to what is done about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from responders import guard, policy, scoping
from responders.book import Book
from responders.decision import Decision, Surroundings
from responders.entries import Step, passed
from responders.episodes import Episodes
from responders.executor import Executor
from responders.figures import Figures
from responders.judgement import Judgement
from responders.levers import Lever, Levers
from responders.linkage import Heard
from responders.outlook import Outlook
from responders.tightener import Tightener
from responders.verdicts import written
from runtime.clock import Clock
from runtime.metrics import Metrics
from schemas.headers import hops
from schemas.manifest import Manifest


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
        self._judgement = Judgement(book, self._episodes, outlook)
        limits = {name: manifest.limits for name, manifest in self.manifests.items()}
        self.figures = Figures(limits, book, outlook, metrics)
        """What people are shown of the answers."""

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
        alert = heard.alert
        levers = self._levers.get(alert.protocol, {})
        if not levers:
            return
        self.figures.count(alert.protocol, count)
        manifest = next(iter(levers.values())).manifest
        ledger, time = self._book.ledger, alert.timestamp
        incident = ledger.incident(alert.chain, alert.protocol, alert.tx, time)
        known = self._judgement.known(heard, manifest)
        reached = (levers[brake.name] for brake in policy.ladder(manifest))
        called_for = [one for own in reached for one in own.called_for(alert.tx)]
        gave_way: set[str] = set()
        for _ in levers:  # each further turn has an option fewer
            reach = self._judgement.reach(alert, levers, incident, known)
            turn = Turn(heard, incident, replace(known, reach=reach), frozenset(gave_way))
            self._answer(turn, called_for)
            options = [option.brake for option in reach.options] if reach is not None else []
            failed = {n for n in options if self._episodes.gave_way(levers[n], incident)}
            if not failed - gave_way:
                break
            gave_way |= failed
        self._book.note(alert.protocol, incident, time)
        self.figures.show_budget(alert.protocol)

    def _answer(self, turn: Turn, called_for: Sequence[Lever]) -> None:
        """Decide on every brake, the narrowest first, and pull those that may be."""
        alert, incident = turn.heard.alert, turn.incident
        at_work: set[str] = set()
        for lever in called_for:
            brake = lever.brake
            if brake.name in turn.gave_way:
                continue
            around = replace(
                self._judgement.around(turn.known, lever, incident, alert.timestamp),
                narrower=policy.narrower(brake, alert, lever.manifest, at_work),
            )
            decision = self._judgement.decide(alert, lever, around)
            action = self._episodes.wanted(alert, lever, incident, decision)
            if action is not None:
                cites = turn.heard.cited(action.linked)
                step = Step(
                    action=msgspec.structs.replace(action, cites=cites),
                    block=alert.block,
                    time=alert.timestamp,
                    cause=alert.tx,
                    hops=hops(turn.heard.message.headers),
                )
                self._pull(step, decision)
            if not lever.proposed and self._episodes.at_work(lever, incident, alert.block):
                at_work.add(brake.name)

    def prepare(self) -> None:
        """Look ahead for what an alert may ask for."""
        scoping.prepare(self._outlook, self.manifests.values())

    def _pull(self, step: Step, decision: Decision) -> None:
        """Write the decision down, and act on it."""
        step = passed(step, "decided", self._clock.now_ns())
        if decision.reason == guard.SPENT:
            self.figures.spent(step)
        self._book.write(*written(step, decision, armed=self._outlook.armed))
        self._executor.advance(step.action.action)
