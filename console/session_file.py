"""Sessions of people on disk, so that a restart in the middle of a night signs nobody out.

A file of one console's, for its owner alone. It holds no cookie, only hashes of them, so whoever
reads it cannot come in by it. Roles are not read from it: who somebody is now, the roster says. A
session that was ended is out of the file before the answer says so; times are the clock's on the
wall, and one that lies in the future is not believed.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from console.people import Role, Roster
from console.sessions import Session
from runtime.clock import Clock
from runtime.durable import replace_synced
from runtime.logs import logger
from runtime.secrets import require_private

_log = logger(__name__)


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One session; `began` and `seen` in seconds since 1970."""

    name: str
    account: str
    person: str
    role: int
    began: float
    seen: float
    csrf: str


class SessionFile:
    """Where they are kept."""

    def __init__(self, path: Path, clock: Clock, roster: Roster) -> None:
        self._path = path
        self._clock = clock
        self._roster = roster

    def load(self) -> dict[str, Session]:
        """Return the sessions by their cookies' hashes, each for whoever its account is now.

        None are there where the file cannot be read, which is logged: everybody signs in again.
        Raises `ConfigurationError` for a file that others can read.
        """
        if not self._path.exists():
            return {}
        require_private(self._path)
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=dict[str, _Kept])
        except (OSError, ValueError) as error:
            _log.error("sessions_not_read", file=str(self._path), error=str(error))
            return {}
        found = {key: self._session(one) for key, one in kept.items()}
        return {key: session for key, session in found.items() if session is not None}

    def _session(self, kept: _Kept) -> Session | None:
        role = Role(kept.role) if kept.role in tuple(Role) else Role.VIEWER
        person = self._roster.again(kept.person, kept.account, role)
        wall, now = self._clock.now_ns() / 1e9, self._clock.monotonic()
        if person is None or not kept.began <= kept.seen <= wall:
            return None
        return Session(
            name=kept.name,
            began=now - (wall - kept.began),
            seen=now - (wall - kept.seen),
            since=int(kept.began),
            person=person,
            csrf=kept.csrf,
        )

    def save(self, sessions: Mapping[str, Session]) -> None:
        """Have these, and no others, on the disk. Raises `OSError`."""
        ahead = self._clock.now_ns() / 1e9 - self._clock.monotonic()
        kept = {
            key: _Kept(
                name=one.name,
                account=one.person.account,
                person=one.person.name,
                role=one.person.role,
                began=one.began + ahead,
                seen=one.seen + ahead,
                csrf=one.csrf,
            )
            for key, one in sessions.items()
            if one.person is not None
        }
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.with_name(f"{self._path.name}.new").touch(mode=0o600)
        replace_synced(self._path, msgspec.json.encode(kept))
