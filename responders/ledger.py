"""Every brake there ever was, folded from the journal's entries. Pure: no clock, no IO."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from responders import guard
from responders.actions import ENDED, follow, unprompted
from responders.entries import Entry, Mark, Step
from responders.guard import GuardState
from schemas.actions import Action
from schemas.cases import joins
from schemas.ids import incident_id
from schemas.units import Seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """A signed transaction of a brake; all of one brake's have the same nonce."""

    tx: str
    raw: str


@dataclass(frozen=True, slots=True)
class Course:
    """How far a brake has come: its latest step, and what is known of all of them."""

    step: Step
    attempts: tuple[Attempt, ...] = ()
    """Those that may still be mined, oldest first."""

    @property
    def action(self) -> Action:
        """The latest step's record."""
        return self.step.action

    @property
    def state(self) -> str:
        """The latest step's state."""
        return self.step.action.state

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.state not in ENDED

    def then(self, state: str, reason: str, **changes: Any) -> Step:
        """Return the next step; `changes` name fields of its record. The rest stays as it is."""
        action = follow(self.action, state, reason, **changes)
        return msgspec.structs.replace(self.step, action=action, raw="", consent=None)


@dataclass(slots=True)
class Ledger:
    """What the entries so far amount to."""

    courses: dict[str, Course] = field(default_factory=dict)
    """By action."""
    guard: GuardState = field(default_factory=GuardState)
    steps: int = 0
    """That `take` was given."""
    _incidents: dict[str, dict[str, Seconds]] = field(default_factory=dict)
    _ahead: dict[str, Seconds] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Fold in one entry."""
        if isinstance(entry, Mark):
            for incidents in self._incidents.values():
                for incident in incidents.keys() & entry.latest.keys():
                    incidents[incident] = max(incidents[incident], entry.latest[incident])
            return
        self.steps += 1
        self.learn(entry)

    def learn(self, entry: Step) -> None:
        """Fold in a step, whichever replica took it; `steps` counts only what stands in this one's
        journal."""
        action = entry.action
        known = self.courses.get(action.action)
        self.courses[action.action] = Course(entry, _attempts(known, entry))
        before = known.state if known else ""
        self.guard = guard.after(self.guard, before, action, entry.time)
        if unprompted(action):  # no alert joins what is no attack
            return
        incidents = self._incidents.setdefault(action.protocol, {})
        incidents[action.incident] = max(incidents.get(action.incident, 0), entry.time)

    def incident(self, chain: str, protocol: str, tx: str, time: Seconds) -> str:
        """Return the protocol's incident that an alert joins, or the one it opens."""
        known = self._incidents.get(protocol, {})
        joined = [name for name, latest in known.items() if joins(latest, time)]
        if joined:
            return max(joined, key=lambda name: known[name])
        return incident_id(chain, protocol, tx)

    def note(self, protocol: str, incident: str, time: Seconds) -> None:
        """Remember that a known incident reaches up to this time, without any step."""
        incidents = self._incidents.get(protocol, {})
        if incident in incidents and time > incidents[incident]:
            incidents[incident] = self._ahead[incident] = time

    def unmarked(self) -> dict[str, Seconds]:
        """Return, once, the times that were noted since the last call."""
        ahead, self._ahead = self._ahead, {}
        return ahead

    def open(self) -> list[Course]:
        """Return the brakes that have not ended, lowest nonce first, then in order of birth."""
        courses = [course for course in self.courses.values() if course.open]
        return sorted(courses, key=lambda course: course.action.nonce or 0)

    def next_nonce(self, sender: str, used: int) -> int:
        """Return an account's next nonce, when the chain counts `used` of its transactions."""
        steps = (course.step for course in self.courses.values())
        taken = (step.action.nonce for step in steps if step.sender == sender)
        return max([used, *(nonce + 1 for nonce in taken if nonce is not None)])


def fold(entries: Iterable[Entry]) -> Ledger:
    """Return the ledger of these entries."""
    ledger = Ledger()
    for entry in entries:
        ledger.take(entry)
    return ledger


def _attempts(known: Course | None, step: Step) -> tuple[Attempt, ...]:
    before = known.attempts if known else ()
    if step.action.state in ("proposed", "authorised"):  # a new nonce will be taken
        return ()
    if step.action.state == "signed" and step.raw:  # not one that another replica signed
        return (*before, Attempt(step.action.tx, step.raw))
    return before
