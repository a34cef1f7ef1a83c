"""Which cases nobody has in hand, and who was told of them. Pure."""

from dataclasses import dataclass

from console.picture import Picture
from schemas.alerts import SEVERITIES
from schemas.incidents import Incident
from schemas.paging import Page


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case that waits for somebody."""

    case: Incident
    page: Page | None
    """Where the telling of it stands; None where nobody was ever due to be told."""

    @property
    def told(self) -> tuple[str, ...]:
        """The channels that took it, the first first."""
        return channels_of(self.page)


def channels_of(page: Page | None) -> tuple[str, ...]:
    """Return the channels that took word of a case, each once."""
    tellings = page.tellings if page is not None else ()
    return tuple(dict.fromkeys(one.channel for one in tellings if one.ok))


def in_hand(case: Incident) -> bool:
    """Say whether somebody has a case in hand, as grave as it is now."""
    said = case.acknowledged
    return said is not None and SEVERITIES.index(said.severity) >= SEVERITIES.index(case.severity)


def waiting(picture: Picture) -> list[Waiting]:
    """Return the open cases that nobody has in hand, the gravest first."""
    found = [
        Waiting(case, picture.pages.get(case.id))
        for case in picture.cases.values()
        if case.phase != "closed" and not in_hand(case)
    ]
    return sorted(found, key=lambda one: (-SEVERITIES.index(one.case.severity), -one.case.latest))
