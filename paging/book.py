"""The pages that a pager has in hand: every one that is open, and of those that ended the newest.

An ended page that is forgotten wakes nobody: its case is closed, acknowledged, or older than what
anybody is told of (`pages.after_case`). A case that goes on after that is paged as a new one.
"""

from collections.abc import Collection, Container

from schemas.paging import Page

At = tuple[int, str]
"""The partition of a case, and its key."""

KEPT_ENDED = 10_000


class Book:
    """Pages by where their cases are."""

    def __init__(self, kept: int = KEPT_ENDED) -> None:
        """`kept` bounds the ended ones; open ones are work that is due, and bounded by cases."""
        self._kept = kept
        self._open: dict[At, Page] = {}
        self._ended: dict[At, Page] = {}

    def get(self, at: At) -> Page | None:
        """Return a case's page, None for one that has none, or had one long ago."""
        return self._open.get(at) or self._ended.get(at)

    def put(self, at: At, page: Page) -> None:
        """Keep a page as it now stands."""
        self._open.pop(at, None)
        self._ended.pop(at, None)  # so that it counts as the newest
        if not page.ended:
            self._open[at] = page
            return
        self._ended[at] = page
        if len(self._ended) > self._kept:
            del self._ended[next(iter(self._ended))]

    def release(self, partitions: Container[int]) -> None:
        """Forget what somebody else sees to now."""
        for pages in (self._open, self._ended):
            for at in [at for at in pages if at[0] in partitions]:
                del pages[at]

    def open(self) -> Collection[tuple[At, Page]]:
        """Return the pages that have not ended, as they are now."""
        return list(self._open.items())
