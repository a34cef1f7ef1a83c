"""What a case, or the passing of time, changes about who is told of it. Pure.

Guarantees, for one case:
- Nobody is told of a case that nobody has a ladder for, whose every alert was withdrawn, or whose
  newest block was old when the case was first seen.
- A rung counts as told once somebody was told; until then it stays due.
- A graver severity begins its own ladder, whoever acknowledged the lesser one.
- Acknowledged or closed, nobody is told again, but that one which was acknowledged is closed. The
  same case seen again changes nothing, nor does an older state of one that was acknowledged.
"""

from msgspec.structs import replace

from paging.ladders import Ladders
from schemas import links
from schemas.alerts import SEVERITIES
from schemas.ids import content_id
from schemas.incidents import Incident
from schemas.paging import KEPT_TELLINGS, Ending, Page, Telling

RETRY = 30_000
"""Milliseconds until a rung of which nobody could be told is tried again."""

MOST_RUNGS = 10_000
"""Told of one case: far beyond what anybody waits for."""


def after_case(
    page: Page | None, case: Incident, ladders: Ladders, now: int, newest: int
) -> Page | None:
    """Return the page of a case as it now stands; None where nobody is to be told.

    `now` in milliseconds since 1970; `newest` is how old, in seconds, a new case's block may be.
    """
    ending = _ending(case)
    if page is None:
        late = now // 1000 - case.latest > newest
        if ending or late or case.severity not in ladders:
            return None
        return _opened(case, ladders, now)
    if ending:
        by = case.acknowledged.by if case.acknowledged else ""
        known = page.ended in ("closed", ending)
        return page if known else replace(page, ended=ending, by=by)
    graver = SEVERITIES.index(case.severity) > SEVERITIES.index(page.severity)
    if case.severity in ladders and (graver or page.ended == "closed"):
        return replace(_opened(case, ladders, now), tellings=page.tellings)
    return replace(page, summary=case.summary)


def remembered(page: Page, case: Incident, ladders: Ladders, now: int, newest: int) -> Page | None:
    """Return what remains of a page that a topic tells of, its case being as it now stands there.

    One that ended has ended only if its case has, and one that is open is due one interval of
    its ladder from now, at the latest.
    """
    ladder = ladders.get(page.severity)
    graver = SEVERITIES.index(case.severity) > SEVERITIES.index(page.severity)
    # One that was acknowledged and is closed by now is told to be so with its case's next reading.
    ended_for_nothing = page.ended and _ending(case) not in (page.ended, "closed")
    if ladder is None or graver or ended_for_nothing or page.incident != case.id:
        return after_case(None, case, ladders, now, newest)
    if page.ended:
        return page
    longest = max(ladder.repeat, ladder.steps[-1].after, RETRY)
    return replace(
        page,
        since=min(page.since, now),
        rung=min(page.rung, MOST_RUNGS),
        due=min(page.due, now + longest),
    )


def _opened(case: Incident, ladders: Ladders, now: int) -> Page:
    return Page(
        id=content_id("page", case.protocol, case.id),
        chain=case.chain,
        protocol=case.protocol,
        incident=case.id,
        severity=case.severity,
        summary=case.summary,
        tx=_gravest(case),
        since=now,
        due=ladders[case.severity].due(now, 0, now),
    )


def _gravest(case: Incident) -> str:
    standing = [one for one in case.sightings if not one.withdrawn]
    gravest = max(
        standing,
        key=lambda one: (SEVERITIES.index(one.severity), one.score, one.alert),
        default=None,
    )
    if gravest is None or not links.reference(case.chain, gravest.tx):
        return ""
    return gravest.tx


def _ending(case: Incident) -> Ending:
    if case.phase == "closed":
        return "closed"
    said = case.acknowledged
    if said and SEVERITIES.index(said.severity) >= SEVERITIES.index(case.severity):
        return "acknowledged"
    return ""


def is_due(page: Page, now: int) -> bool:
    """Say whether somebody is to be told now."""
    return not page.ended and page.due <= now


def after_telling(page: Page, told: tuple[Telling, ...], ladders: Ladders, now: int) -> Page:
    """Return the page once all channels of its rung have answered."""
    page = replace(page, tellings=(*page.tellings, *told)[-KEPT_TELLINGS:])
    if not any(telling.ok for telling in told):
        return replace(page, due=now + RETRY)
    rung = page.rung + 1
    return replace(page, rung=rung, due=ladders[page.severity].due(page.since, rung, now))


def told_so_far(page: Page) -> tuple[str, ...]:
    """Return the channels that know of a page, for those who want to hear that it is over."""
    return tuple(dict.fromkeys(telling.channel for telling in page.tellings if telling.ok))
