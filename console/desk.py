"""What every page has at hand, and how a page is made of it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console import words
from console.atlas import Atlas
from console.feed import Feed
from console.identity import Provider
from console.lookup import Lookup
from console.people import Person, Role, Roster
from console.picture import Picture
from console.posture import WORDS, Posture, postures
from console.proofs import Proofs
from console.sessions import Session, Sessions
from console.stream import Stream
from console.timeline import STATES
from console.trust import Trust
from runtime.broker import Producer
from runtime.clock import Clock
from runtime.metrics import Metrics
from runtime.settings_console import ConsoleSettings
from schemas import links
from schemas.incidents import Incident

T = TypeVar("T")

FRAGMENT = "x-region"
"""The header by which a page asks for one of its regions anew."""

REGIONS = {
    "watch": frozenset({"pages", "map", "alerts"}),
    "cases": frozenset({"cases"}),
    "case": frozenset({"case", "trail"}),
    "flows": frozenset({"flows", "trail"}),
    "plans": frozenset({"plans"}),
    "signals": frozenset({"signals"}),
    "risk": frozenset({"risk"}),
    "contracts": frozenset({"contracts"}),
}
"""By page, what of it can be had alone."""

STALE_SECONDS = 5.0
"""Without an answer from Kafka for so long, a page says that it may be out of date."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that pages work with."""

    settings: ConsoleSettings
    url: str
    picture: Picture
    trust: Trust
    atlas: Atlas
    feed: Feed
    stream: Stream
    sessions: Sessions
    roster: Roster
    provider: Provider | None
    lookup: Lookup
    proofs: Proofs
    producer: Producer
    clock: Clock
    metrics: Metrics

    @property
    def now(self) -> float:
        """The time, in seconds since 1970."""
        return self.clock.now_ns() / 1e9

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; the prefix lets no other host of the domain set it."""
        return "__Host-firebreak" if self.url.startswith("https:") else "firebreak"

    def session(self, request: Request, *, busy: bool = True) -> Session | None:
        """Return the browser's session, None when it has none."""
        return self.sessions.find(request.cookies.get(self.cookie, ""), busy=busy)

    def person(self, request: Request, least: Role) -> tuple[Session, Person]:
        """Return who asks. Raises `HTTPException`: 401 for a visitor, 403 for a role too low."""
        busy = FRAGMENT not in request.headers and request.url.path != "/events"
        session = self.session(request, busy=busy)
        if session is None or session.person is None:
            raise HTTPException(401, "Sign in first.")
        if session.person.role < least:
            told = f"This takes the role {least.word}; you are {session.person.role.word}."
            raise HTTPException(403, told)
        return session, session.person

    def case(self, request: Request) -> Incident:
        """Return the case that a path names. Raises `HTTPException` 404 where there is none."""
        found = self.picture.cases.get(request.path_params["case"])
        if found is None:
            raise HTTPException(404, "There is no such case here.")
        return found

    def postures(self) -> list[Posture]:
        """Return how every protocol stands, the gravest first."""
        heard = {name: self.now - at / 1e9 for name, at in self.picture.told.items() if at}
        return postures(self.picture, self.atlas.manifests, heard)

    @property
    def obstacle(self) -> str:
        """Why pages may be out of date, '' when they are not."""
        if not self.feed.caught_up:
            return "still reading what there is; pages are not complete yet"
        silent = self.clock.monotonic() - self.feed.looked
        return f"no answer from Kafka for {silent:.0f} s" if silent > STALE_SECONDS else ""

    def page(
        self, request: Request, name: str, session: Session | None, /, **values: Any
    ) -> HTMLResponse:
        """Return a page, or the one region of it that is asked for.

        Raises `HTTPException` 404 for a region that the page does not have.
        """
        region = request.headers.get(FRAGMENT)
        template = f"{name}.html"
        if region is not None:
            part = region.partition(":")[0]
            if part not in REGIONS.get(name, frozenset()):
                raise HTTPException(404, "There is no such region.")
            template = f"regions/{part}.html"
        text = _TEMPLATES.get_template(template).render(self._context(session) | values)
        return HTMLResponse(text, values.get("status", 200))

    def _context(self, session: Session | None) -> dict[str, Any]:
        person = None if session is None else session.person
        open_cases = sum(case.phase != "closed" for case in self.picture.cases.values())
        return {
            "desk": self,
            "person": person,
            "csrf": "" if session is None else session.csrf,
            "now": self.now,
            "obstacle": self.obstacle,
            "open_cases": open_cases if person else 0,
            "Role": Role,
            "LEVELS": WORDS,
            "STATES": STATES,
        }

    def signed_in(self, cookie: str, where: str) -> Response:
        """Return the answer that gives a browser its session."""
        answer = RedirectResponse(where, 303)
        self.give(answer, cookie)
        return answer

    def give(self, answer: Response, cookie: str) -> None:
        """Let an answer carry a session's cookie, which no script can read."""
        answer.set_cookie(
            self.cookie,
            cookie,
            path="/",
            secure=self.url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )


async def in_thread(work: Callable[..., T], *arguments: Any) -> T:
    """Run what blocks beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        finalize=words.plain,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(words.FILTERS)
    environment.filters["indented"] = partial(json.dumps, indent=2)
    environment.tests["a_page"] = links.is_page
    return environment


_TEMPLATES = _environment()
