"""What people are shown of a responder's answers: floods, budgets, whether it is armed."""

from collections.abc import Mapping

from responders import guard
from responders.book import Book
from responders.entries import Step
from responders.lanes import FLOOD
from responders.outlook import Outlook
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.brakes import Limits

_log = logger(__name__)

FAULTS = "alerts_flood", "budget_spent"
"""What people are told of, as the metric of brakes' faults names it."""


class Figures:
    """Keeps the metrics of each protocol's answers, and tells what people have to look at."""

    def __init__(
        self, limits: Mapping[str, Limits], book: Book, outlook: Outlook, metrics: Metrics
    ) -> None:
        """`limits` by protocol."""
        self._limits = limits
        self._book = book
        self._outlook = outlook
        self._metrics = metrics
        for protocol in limits:
            metrics.coalesced.labels(protocol)
            for fault in FAULTS:
                metrics.brake_faults.labels(protocol, fault)

    def count(self, protocol: str, count: int) -> None:
        """Tell how many alerts were answered as one; people, if they are a flood."""
        self._metrics.coalesced.labels(protocol).inc(count - 1)
        if count >= FLOOD:
            self._metrics.brake_faults.labels(protocol, "alerts_flood").inc()
            _log.error("alerts_flood", protocol=protocol, alerts=count)

    def spent(self, step: Step) -> None:
        """Tell people of a brake that is not pulled because the budget is spent."""
        self._metrics.brake_faults.labels(step.action.protocol, "budget_spent").inc()
        _log.error("budget_spent", action=step.action.action, scope=step.action.scope)

    def show_budgets(self) -> None:
        """Show how many brakes each protocol has left in the window around the newest block, and
        whether they are sent."""
        for protocol in self._limits:
            self.show_budget(protocol)

    def show_budget(self, protocol: str) -> None:
        """Show the same of one protocol."""
        spent, now = self._book.ledger.guard, self._outlook.time
        asked = (guard.Request(protocol, "", now, scope) for scope in guard.SCOPES)
        left = min(guard.brakes_left(spent, one, self._limits[protocol]) for one in asked)
        self._metrics.budget_left.labels(protocol).set(left)
        self._metrics.armed.labels(protocol).set(self._outlook.switched_on)
