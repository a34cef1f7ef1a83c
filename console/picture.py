"""What the console knows: one picture of the topics, bounded, folded record by record. Pure.

The same record twice changes nothing. Of too much of anything the newest is kept; cases that are
open before those that are closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from console.bounded import Bounded
from console.surroundings import Surroundings
from schemas.actions import Action
from schemas.alerts import Alert, Withdrawal
from schemas.base import Record
from schemas.brake_events import said
from schemas.chain import Event
from schemas.decisions import Answer, Decision, Proposal, answered, proposed
from schemas.incidents import Acknowledgement, Hop, Incident, Recovery
from schemas.paging import Page
from schemas.readiness import Readiness

MOST_ALERTS = 5_000
MOST_ACTIONS = 2_000
MOST_STEPS = 32
"""Of one action."""
MOST_CASES = 2_000
MOST_PROPOSALS = 2_000
MOST_PROTOCOLS = 2_000
MOST_TURNS = 200
"""On the way back of one case."""
MOST_SHOWN = 200
"""Brakes and releases of one protocol, as the chain shows them."""

Times = Mapping[Hop, int]
"""When a record's origin passed each hop, in nanoseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert, and what is known beside it."""

    alert: Alert
    times: Times
    signed: bool
    """Whether a key that is trusted signed it; False also where none is configured."""
    withdrawn: str = ""
    """Why it no longer holds, '' while it does."""
    withdrawal: str = ""
    """The id of the record that says so."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a brake, and when what led to it passed each hop."""

    action: Action
    times: Times


class Told(NamedTuple):
    """A turn on the way back of a case, and whose key told it, '' where nobody's are named."""

    recovery: Recovery
    by: str


@dataclass(slots=True)
class Asked:
    """A proposal, what became of it, and every answer that was given."""

    proposal: Proposal
    decision: Decision
    answers: list[Answer] = field(default_factory=list)


class Picture:
    """Everything that pages show."""

    def __init__(self) -> None:
        self.alerts: Bounded[str, Seen] = Bounded(MOST_ALERTS)
        self.actions: Bounded[str, list[Step]] = Bounded(MOST_ACTIONS)
        self.cases: Bounded[str, Incident] = Bounded(MOST_CASES)
        self.case_of: Bounded[str, str] = Bounded(MOST_ALERTS)
        """By alert, the case that it is in."""
        self.recoveries: Bounded[str, Recovery] = Bounded(MOST_CASES)
        self.turns: Bounded[str, list[Told]] = Bounded(MOST_CASES)
        """By case, each turn of its way back."""
        self.shown: Bounded[str, list[Event]] = Bounded(MOST_PROTOCOLS)
        """By protocol, its brakes and releases as the chain shows them."""
        self.asked: Bounded[str, Asked] = Bounded(MOST_PROPOSALS)
        self.readiness: Bounded[str, Readiness] = Bounded(MOST_PROTOCOLS)
        self.told: Bounded[str, int] = Bounded(MOST_PROTOCOLS)
        """When each protocol's responder told how its brakes stand, in nanoseconds since 1970."""
        self.acknowledged: Bounded[str, list[Acknowledgement]] = Bounded(MOST_CASES)
        """By case, who said that they have it in hand."""
        self.pages: Bounded[str, Page] = Bounded(MOST_CASES)
        """By case, where the telling of people stands."""
        self.around = Surroundings()
        self.heard = 0
        """How many alerts were told since the start, whether they are still here or not."""

    def take(  # noqa: PLR0911 - one line for each kind
        self, record: Record, times: Times, *, signed: bool = False, by: str = ""
    ) -> frozenset[str]:
        """Fold a record in; return which regions of the pages it changes."""
        match record:
            case Alert():
                return self._alert(record, times, signed=signed)
            case Withdrawal():
                return self._withdrawal(record)
            case Action():
                return self._action(record, times)
            case Incident():
                return self._case(record)
            case Recovery():
                return self._recovery(record, by)
            case Event():
                return self._shown(record)
            case Readiness():
                self.readiness.put(record.protocol, record)
                self.told.put(record.protocol, times.get("published", 0))
                return frozenset({"map", "plans"})
            case _:
                return self._said(record) or self.around.take(record, signed=signed)

    def _said(self, record: Record) -> frozenset[str]:
        """Fold what people said in, or were told; nothing for any other record."""
        match record:
            case Proposal():
                if record.id not in self.asked:
                    self.asked.put(record.id, Asked(record, proposed(record)))
                return _of_case(record.incident)
            case Answer():
                return self._answer(record)
            case Acknowledgement():
                return self._acknowledgement(record)
            case Page():
                self.pages.put_instead(record.incident, record, lambda one: bool(one.ended))
                return _of_case(record.incident)
            case _:
                return frozenset()

    def proposals_of(self, case: str) -> list[Asked]:
        """Return what was proposed about a case, the newest first."""
        return [one for one in reversed(self.asked.values()) if one.proposal.incident == case]

    def steps_of(self, case: Incident) -> list[list[Step]]:
        """Return the brakes of a case, each with its steps in order."""
        wanted = {measure.action for measure in case.measures}
        return [
            steps
            for action, steps in self.actions.items()
            if action in wanted or steps[0].action.incident == case.id
        ]

    def _case(self, case: Incident) -> frozenset[str]:
        self.cases.put_instead(case.id, case, lambda one: one.phase == "closed")
        joined = [one.alert for one in case.sightings if self.case_of.get(one.alert) != case.id]
        for one in joined:
            self.case_of.put(one, case.id)
        return _of_case(case.id) | {"alerts"} if joined else _of_case(case.id)

    def _alert(self, alert: Alert, times: Times, *, signed: bool) -> frozenset[str]:
        self.heard += alert.id not in self.alerts
        self.alerts.put(alert.id, Seen(alert, times, signed))
        return frozenset({"alerts", "map"})

    def _withdrawal(self, withdrawal: Withdrawal) -> frozenset[str]:
        seen = self.alerts.get(withdrawal.alert)
        if seen is not None:
            self.alerts[withdrawal.alert] = Seen(
                seen.alert, seen.times, seen.signed, withdrawal.reason, withdrawal.id
            )
        return frozenset({"alerts", "map"})

    def _action(self, action: Action, times: Times) -> frozenset[str]:
        steps = self.actions.get(action.action, [])
        if all(action.id != known.action.id for known in steps):
            steps = sorted([*steps, Step(action, times)], key=lambda one: one.action.step)
            self.actions.put(action.action, steps[-MOST_STEPS:])
        return _of_case(action.incident)

    def _shown(self, event: Event) -> frozenset[str]:
        if said(event.topics, event.data) is None:
            return frozenset()
        known = self.shown.get(event.protocol, [])
        if all(event.id != one.id for one in known):
            self.shown.put(event.protocol, [*known, event][-MOST_SHOWN:])
        cases = self.cases.values()
        return frozenset(f"case:{one.id}" for one in cases if one.protocol == event.protocol)

    def _recovery(self, recovery: Recovery, by: str) -> frozenset[str]:
        told = self.turns.get(recovery.incident, [])
        if recovery.turn is not None and all(recovery.id != one.recovery.id for one in told):
            self.turns.put(recovery.incident, [*told, Told(recovery, by)][-MOST_TURNS:])
        before = self.recoveries.get(recovery.incident)
        if before is None or before.progress.number <= recovery.progress.number:
            self.recoveries.put(recovery.incident, recovery)
        return _of_case(recovery.incident)

    def _acknowledgement(self, word: Acknowledgement) -> frozenset[str]:
        known = self.acknowledged.get(word.incident, [])
        if all(word.id != one.id for one in known):
            self.acknowledged.put(word.incident, [*known, word][-MOST_STEPS:])
        return _of_case(word.incident)

    def _answer(self, answer: Answer) -> frozenset[str]:
        asked = self.asked.get(answer.proposal)
        if asked is not None and all(answer.id != known.id for known in asked.answers):
            asked.decision = answered(asked.decision, answer)
            asked.answers = [*asked.answers, answer][-MOST_STEPS:]
        return _of_case(answer.incident)


def led(case: Incident, recovery: Recovery | None) -> Incident:
    """Return the case with what people published last about how far it is led back."""
    progress = case.progress
    if recovery is None or (progress and progress.number >= recovery.progress.number):
        return case
    return replace(case, progress=recovery.progress)


def _of_case(case: str) -> frozenset[str]:
    return frozenset({"cases", "map", "pages", f"case:{case}"})
