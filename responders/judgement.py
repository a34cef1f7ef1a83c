"""What one brake is decided on, and the decision: all that is known as an alert comes, and which
brakes could stop the loss for less."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf

from responders import guard, scoping
from responders.book import Book
from responders.decision import Decision, Surroundings, decide
from responders.episodes import Episodes
from responders.levers import Lever
from responders.linkage import Heard
from responders.outlook import Outlook
from schemas.alerts import Alert
from schemas.manifest import Manifest
from schemas.reach import Reach
from schemas.units import Seconds

KEEPS_BACK = 5
"""Blocks for which a brake that is on its way, and in none of them, keeps a dearer one back."""


class Judgement:
    """Gathers what is known and decides; does nothing."""

    def __init__(self, book: Book, episodes: Episodes, outlook: Outlook) -> None:
        self._book = book
        self._episodes = episodes
        self._outlook = outlook

    def known(self, heard: Heard, manifest: Manifest) -> Surroundings:
        """Return what is known around an alert, whichever brake it is about."""
        alert, link = heard.alert, heard.link
        return Surroundings(
            guard=self._book.ledger.guard,
            head=max(self._outlook.head, alert.block),
            withdrawn=heard.withdrawn,
            value_exposed=self._outlook.value(alert.protocol),
            bucket=self._outlook.bucket(alert.protocol),
            link=link,
            fees_paid=self._outlook.fees_paid(manifest, alert.tx),
            link_fees_paid=0.0
            if link is None
            else self._outlook.fees_paid(manifest, link.alert.tx),
            heard=self._outlook.heard(alert.protocol),
        )

    def around(
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

    def reach(
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
                around = self.around(known, lever, incident, alert.timestamp)
                if _whatever_its_age(alert, lever, around).allowed:
                    found.append((lever.brake, float(lever.manifest.cost_of(lever.brake))))
        return scoping.with_options(reach, next(iter(levers.values())).manifest, found)

    def decide(self, alert: Alert, lever: Lever, around: Surroundings) -> Decision:
        """Decide, with a look at the head where nothing but the alert's age stands against it."""
        brake, manifest = lever.brake, lever.manifest
        decision = decide(alert, brake, manifest, around)
        if decision.allowed or not guard.too_old(alert.block, around.head, lever.limits):
            return decision
        if not _whatever_its_age(alert, lever, around).allowed:
            return decision
        at_risk = self._outlook.still_at_risk(alert.protocol, alert.tx)
        return decide(alert, brake, manifest, replace(around, still_at_risk=at_risk))


def _whatever_its_age(alert: Alert, lever: Lever, around: Surroundings) -> Decision:
    """Decide as if a look at the head had shown that everything is at risk."""
    if guard.too_old(alert.block, around.head, lever.limits):
        around = replace(around, still_at_risk=inf)
    return decide(alert, lever.brake, lever.manifest, around)
