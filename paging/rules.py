"""What a pager goes by, and what it works with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paging.ladders import Ladder, Ladders
from paging.outward import Outward
from runtime.clock import Clock
from runtime.keepers import CaseIntake
from runtime.metrics import Metrics
from schemas.paging import Page

SERVICE = "page"


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is told of what."""

    ladders: Ladders
    silence: Ladder
    watch: tuple[str, ...]
    period: float
    """Seconds between two beats."""
    newest: int
    """Seconds; see `pages.after_case`."""
    console: str = ""
    """Where people take a case in hand with a click, '' where there is no such page."""
    explorers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By chain and protocol, where people look at the chain, as the manifests say."""

    def explorer(self, page: Page) -> str:
        """Return the explorer of a page's case, '' where no manifest names one."""
        return self.explorers.get((page.chain, page.protocol), "")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a pager works with."""

    intake: CaseIntake
    clock: Clock
    metrics: Metrics
    outward: Outward | None
