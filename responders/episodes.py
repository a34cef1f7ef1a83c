"""What was done about a brake in an incident already, episode by episode.

An incident brakes a target once, unless it was released since, or would lapse while a rule is
broken: then a new episode begins. Asks the chain only whether a target was released.
"""

from responders import healing
from responders.actions import proposed, reopened
from responders.adapters.base import Condition
from responders.book import Book
from responders.decision import Decision
from responders.ledger import Course
from responders.levers import Lever
from responders.outlook import Outlook
from schemas.actions import Action
from schemas.alerts import Alert
from schemas.units import Seconds


class Episodes:
    """The past of an incident's brakes, as the book has it."""

    def __init__(self, book: Book, outlook: Outlook) -> None:
        self._book = book
        self._outlook = outlook

    def latest(self, lever: Lever, incident: str) -> Course | None:
        """Return a brake's latest episode in an incident."""
        episode, latest = 0, None
        while (course := self._course(lever, incident, episode)) is not None:
            episode, latest = episode + 1, course
        return latest

    def at_work(self, lever: Lever, incident: str, block: int) -> bool:
        """Say whether a brake was pulled in this incident so lately that what happened in this
        block does not tell whether it is enough."""
        latest = self.latest(lever, incident)
        if latest is None or latest.state in ("refused", "failed", "satisfied"):
            return False
        if latest.state in ("included", "final"):
            return (latest.action.block or 0) >= block
        return latest.open or latest.step.block >= block

    def pulled_for(self, lever: Lever, incident: str, block: int) -> int:
        """Return how many blocks before this one the brake was called for; nought where it was
        not."""
        latest = self.latest(lever, incident)
        return 0 if latest is None else max(0, block - latest.step.block)

    def untried(self, lever: Lever, incident: str) -> bool:
        """Say whether nothing is known of what the brake would do in this incident: it was never
        allowed. Only the step that decides has terms."""
        latest = self.latest(lever, incident)
        return latest is None or (latest.state == "refused" and bool(latest.action.terms))

    def gave_way(self, lever: Lever, incident: str) -> bool:
        """Say whether the brake was allowed, and then could not be pulled."""
        latest = self.latest(lever, incident)
        ended = latest is not None and latest.state in ("refused", "failed")
        return ended and not self.untried(lever, incident)

    def lapsing(self, lever: Lever, incident: str, time: Seconds) -> bool:
        """Say whether it is in place, in the second half of its time."""
        return _lapsing(self.latest(lever, incident), lever, time)

    def wanted(
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
            name = lever.action(incident, episode)
            return proposed(name, lever, incident, alert, decision.terms, decision.beside)
        if self._asks_again(known, lever, decision):
            return reopened(known.action, alert, decision.terms, decision.beside)
        return None

    def _over(self, known: Course, lever: Lever, alert: Alert, decision: Decision) -> bool:
        """Say whether a brake is to be set anew: it was released, or would lapse at the wrong
        time."""
        if decision.allowed and decision.renewal:
            return _lapsing(known, lever, alert.timestamp)
        return known.state == "final" and self._released(lever)

    def _asks_again(self, known: Course, lever: Lever, decision: Decision) -> bool:
        if known.open or known.state == "final":
            return False
        if known.state == "rehearsed":
            return self._outlook.armed
        if known.state == "satisfied":
            return self._released(lever)
        return decision.allowed or decision.reason != known.action.reason

    def _course(self, lever: Lever, incident: str, episode: int) -> Course | None:
        return self._book.ledger.courses.get(lever.action(incident, episode))

    def _released(self, lever: Lever) -> bool:
        return lever.adapter.probe(self._outlook.head) is Condition.OPEN


def _lapsing(course: Course | None, lever: Lever, time: Seconds) -> bool:
    if course is None or course.state not in ("included", "final"):
        return False
    return healing.due(course.step.time, lever.adapter.plan().lapses_after, time)
