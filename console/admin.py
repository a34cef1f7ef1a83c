"""The pages of the house itself: its keys, and who is signed in."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.desk import Desk
from console.forms import fields_of
from console.people import Role


class Admin:
    """What everybody may read, and what an admin may do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/help", self.help),
            Route("/people", self.people),
            Route("/people/{name}/end", self.end, methods=["POST"]),
        ]

    async def help(self, request: Request) -> Response:
        """Say which keys do what, and what the signs mean."""
        session, _ = self._desk.person(request, Role.VIEWER)
        return self._desk.page(request, "help", session)

    async def people(self, request: Request) -> Response:
        """Show who is signed in."""
        session, _ = self._desk.person(request, Role.ADMIN)
        found = list(self._desk.sessions.signed_in())
        now = self._desk.clock.monotonic()
        return self._desk.page(request, "people", session, sessions=found, monotonic=now)

    async def end(self, request: Request) -> Response:
        """Sign somebody out."""
        session, _ = self._desk.person(request, Role.ADMIN)
        await fields_of(request, session)
        if not self._desk.sessions.end_named(request.path_params["name"]):
            raise HTTPException(404, "That session has ended already.")
        return RedirectResponse("/people", 303)
