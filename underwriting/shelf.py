"""The newest records of each protocol, as they were published, for those who ask over HTTP."""

import threading
from collections import deque
from typing import NamedTuple

from schemas.headers import Headers
from schemas.risk import Risk

MOST_KEPT = 1_000
"""Records per protocol: six weeks of heartbeats. The topic has a year."""


class Kept(NamedTuple):
    """A record with its own bytes and what proves who wrote them."""

    risk: Risk
    value: bytes
    headers: Headers


class Shelf:
    """Written by the service, read by the web: safe from any thread."""

    def __init__(self, protocols: frozenset[str]) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, deque[Kept]] = {
            name: deque(maxlen=MOST_KEPT) for name in sorted(protocols)
        }

    def put(self, kept: Kept) -> None:
        """Keep a record that is newer than those of its protocol; any other changes nothing."""
        with self._lock:
            row = self._kept.get(kept.risk.protocol)
            if row is not None and (not row or row[-1].risk.at < kept.risk.at):
                row.append(kept)

    def newest(self, protocol: str) -> Kept | None:
        """Return a protocol's newest record."""
        with self._lock:
            row = self._kept.get(protocol)
            return row[-1] if row else None

    def all_newest(self) -> list[Kept]:
        """Return the newest record of every protocol that has one."""
        with self._lock:
            return [row[-1] for row in self._kept.values() if row]

    def before(self, protocol: str, at: int, limit: int) -> list[Kept]:
        """Return up to `limit` records before a time, the newest first."""
        with self._lock:
            found: list[Kept] = []
            for kept in reversed(self._kept.get(protocol, ())):
                if len(found) == limit:
                    break
                if kept.risk.at < at:
                    found.append(kept)
            return found
