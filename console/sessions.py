"""Who is signed in: kept here by the hash of what their cookie holds, and beyond a restart where a
store is given (`console.session_file`).

A session ends when it was idle for too long, when it is too old, when its person signs out, or when
an admin ends it. Signing in makes a new one, so that nobody can be handed one beforehand.
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

from console.people import Person
from runtime.clock import Clock

MOST = 10_000
"""Sessions at once, signed in or not; the one that was idle longest gives way, visitors first."""

VISIT_SECONDS = 600.0
"""How long somebody may take to sign in."""

MOST_DRAFTS = 8

SAVE_SECONDS = 30.0
"""How often it is written down who was busy; who signs in or out, at once."""


@dataclass(slots=True)
class Session:
    """One browser's."""

    name: str
    """For people who end it; of no use as a cookie."""
    began: float
    """By a clock that never runs backwards, as `seen`."""
    seen: float
    since: int
    """In seconds since 1970, for people."""
    person: Person | None = None
    """None: a visitor, who has not signed in."""
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    drafts: OrderedDict[str, Any] = field(default_factory=OrderedDict, repr=False)
    """What waits for this browser: statements to be confirmed, challenges to be signed."""
    streams: int = 0
    """How many event streams it listens to."""
    ended: bool = False

    def keep(self, draft: Any) -> str:
        """Keep something for this browser alone; return under which name."""
        while len(self.drafts) >= MOST_DRAFTS:
            self.drafts.popitem(last=False)
        name = secrets.token_urlsafe(16)
        self.drafts[name] = draft
        return name

    def accepts(self, token: str) -> bool:
        """Say whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode(), self.csrf.encode())


class Store(Protocol):
    """Where sessions of people outlive this process."""

    def load(self) -> dict[str, Session]:
        """Return them by their cookies' hashes."""
        ...

    def save(self, sessions: Mapping[str, Session]) -> None:
        """Keep these of people, and no others. Raises `OSError`."""
        ...


class Sessions:
    """All of them."""

    def __init__(
        self, clock: Clock, idle: float, longest: float, store: Store | None = None
    ) -> None:
        """`idle` and `longest` are in seconds; without a store a restart signs everybody out."""
        self._clock = clock
        self._idle = idle
        self._longest = longest
        self._store = store
        self._kept: OrderedDict[str, Session] = OrderedDict()
        if store is not None:
            found = sorted(store.load().items(), key=lambda pair: pair[1].seen)
            self._kept |= {key: one for key, one in found if not self.over(one)}
        self._due = clock.monotonic() + SAVE_SECONDS

    def begin(self, person: Person | None = None) -> tuple[str, Session]:
        """Return a new session, and what its cookie has to hold."""
        now, cookie = self._clock.monotonic(), secrets.token_urlsafe(32)
        since = self._clock.now_ns() // 10**9
        session = Session(secrets.token_hex(8), now, now, since, person)
        self._make_room()
        self._kept[_hashed(cookie)] = session
        if person is not None:
            self._save()
        return cookie, session

    def find(self, cookie: str, *, busy: bool = True) -> Session | None:
        """Return the session of a cookie, None when it ended. `busy` says that a person did
        something: a page that renews itself keeps nobody signed in."""
        key = _hashed(cookie)
        session = self._kept.get(key)
        if session is None:
            return None
        if self.over(session):
            self._drop(key)
            return None
        if busy:
            session.seen = self._clock.monotonic()
            self._kept.move_to_end(key)
        return session

    def over(self, session: Session) -> bool:
        """Say whether a session has ended."""
        now = self._clock.monotonic()
        if session.person is None:
            return session.ended or now - session.began > VISIT_SECONDS
        idle, old = now - session.seen > self._idle, now - session.began > self._longest
        return session.ended or idle or old

    def end(self, cookie: str) -> None:
        """End the session of a cookie."""
        self._drop(_hashed(cookie))

    def end_named(self, name: str) -> bool:
        """End a session by its name; say whether there was one."""
        found = next((key for key, one in self._kept.items() if one.name == name), None)
        if found is not None:
            self._drop(found)
        return found is not None

    def signed_in(self) -> Iterator[Session]:
        """Return the sessions of people, the idlest first."""
        return (
            session
            for session in list(self._kept.values())
            if session.person is not None and not self.over(session)
        )

    def turn(self) -> None:
        """Write down who was busy, when it is time to."""
        if self._store is not None and self._clock.monotonic() >= self._due:
            self._save()

    def _drop(self, key: str) -> None:
        session = self._kept.pop(key, None)
        if session is None:
            return
        session.ended = True
        if session.person is not None:
            self._save()

    def _save(self) -> None:
        """Have what holds now on the disk. Raises `OSError`: what was said to have ended would come
        back, so nobody is told that it has."""
        self._due = self._clock.monotonic() + SAVE_SECONDS
        if self._store is not None:
            self._store.save(self._kept)

    def _make_room(self) -> None:
        if len(self._kept) < MOST:
            return
        visitors = (key for key, one in self._kept.items() if one.person is None)
        self._drop(next(visitors, next(iter(self._kept))))


def _hashed(cookie: str) -> str:
    return sha256(cookie.encode()).hexdigest()
