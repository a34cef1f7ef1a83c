"""The pages that a pager has in hand: those that are open, and of those that ended the newest.

An ended page that is forgotten wakes nobody: its case is closed, acknowledged, or older than what
anybody is told of (`pages.after_case`). A case that goes on after that is paged as a new one. Of
more open ones than anybody could ever answer, the least grave are forgotten first.
"""

from collections.abc import Collection, Container

from schemas.alerts import SEVERITIES, Severity
from schemas.paging import Page

At = tuple[int, str]
"""The partition of a case, and its key."""

KEPT_ENDED = 10_000
MOST_OPEN = 10_000


class Book:
    """Pages by where their cases are."""

    def __init__(self, kept: int = KEPT_ENDED, most: int = MOST_OPEN) -> None:
        """`kept` bounds the ended ones, `most` the open ones."""
        self._kept = kept
        self._most = most
        self._open: dict[Severity, dict[At, Page]] = {severity: {} for severity in SEVERITIES}
        self._ended: dict[At, Page] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return sum(map(len, self._open.values()))

    def get(self, at: At) -> Page | None:
        """Return a case's page, None for one that has none, or had one long ago."""
        return next((pages[at] for pages in self._all() if at in pages), None)

    def put(self, at: At, page: Page) -> At | None:
        """Keep a page as it now stands; return whose page had to be forgotten for it, if any."""
        for pages in self._all():
            pages.pop(at, None)  # so that it counts as the newest
        if page.ended:
            self._ended[at] = page
            return _first(self._ended) if len(self._ended) > self._kept else None
        self._open[page.severity][at] = page
        if len(self) <= self._most:
            return None
        return _first(next(pages for pages in self._open.values() if pages))

    def drop(self, at: At) -> None:
        """Forget a page."""
        for pages in self._all():
            pages.pop(at, None)

    def release(self, partitions: Container[int]) -> None:
        """Forget what somebody else sees to now."""
        for pages in self._all():
            for at in [at for at in pages if at[0] in partitions]:
                del pages[at]

    def open(self) -> Collection[tuple[At, Page]]:
        """Return the pages that have not ended, as they are now."""
        return [one for pages in self._open.values() for one in pages.items()]

    def of(self, partition: int) -> dict[At, Page]:
        """Return every page of a partition's cases."""
        every = (one for pages in self._all() for one in pages.items())
        return {at: page for at, page in every if at[0] == partition}

    def _all(self) -> list[dict[At, Page]]:
        return [*self._open.values(), self._ended]


def _first(pages: dict[At, Page]) -> At:
    at = next(iter(pages))
    del pages[at]
    return at
