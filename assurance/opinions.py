"""What is found in protocols' source, asked beside the work: it may take minutes.

A project is asked about when it is first named, again once what a compiler said of it is another,
and, where that gave no answer, an hour later. One at a time, since each takes a core.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from assurance.stamps import Stamp
from assurance.weakness import Weakness
from runtime.logs import logger
from schemas.errors import ConfigurationError

AGAIN = 3_600.0
"""Seconds."""

_log = logger(__name__)


class Heard(NamedTuple):
    """What is to be said of a source."""

    weaknesses: Sequence[Weakness] = ()
    whole: bool = False
    """Whether that is all: otherwise what was said before still holds."""


NOTHING = Heard(whole=True)
NOT_YET = Heard()


@dataclass(slots=True)
class _Known:
    stamp: Stamp
    at: float
    """When it was asked."""
    heard: Heard = NOT_YET

    @property
    def failed(self) -> bool:
        return bool(self.heard.weaknesses) and not self.heard.whole


class Opinions:
    """Of every project, what was last heard."""

    def __init__(
        self, ask: Callable[[Path], list[Weakness]], stamp: Callable[[Path], Stamp],
        monotonic: Callable[[], float],
    ) -> None:  # fmt: skip
        """`ask` raises `ConfigurationError` where there is no answer, which is told as a weakness
        of its own; `stamp` tells one source from another."""
        self._ask = ask
        self._stamp = stamp
        self._monotonic = monotonic
        self._known: dict[Path, _Known] = {}
        self._waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Path, Heard]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def of(self, project: Path) -> Heard:
        """Return what is known of a project, and have it asked about if that is due. Never
        waits."""
        known, stamp, now = self._known.get(project), self._stamp(project), self._monotonic()
        if known is None:
            known = self._known[project] = _Known(stamp, now)
            self._begin(project)
        elif known.stamp != stamp or (known.failed and now - known.at >= AGAIN):
            known.stamp, known.at = stamp, now
            self._begin(project)
        return known.heard

    def fresh(self) -> set[Path]:
        """Take in the answers that came since; return of which projects."""
        found = set()
        while not self._answers.empty():
            project, heard = self._answers.get()
            self._known[project].heard = heard
            found.add(project)
        return found

    def _begin(self, project: Path) -> None:
        self._waiting.put(project)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="opinions", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            project = self._waiting.get()
            self._answers.put((project, self._answer(project)))

    def _answer(self, project: Path) -> Heard:
        try:
            return Heard(self._ask(project), whole=True)
        except ConfigurationError as error:
            _log.error("source_not_read", project=str(project), reason=str(error))
            told = Weakness("slither-failed", "low", f"its source was not read: {error}"[:500])
            return Heard((told,))
