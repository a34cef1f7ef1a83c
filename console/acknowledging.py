"""Saying that one has a case in hand: nobody else is woken for it, unless it becomes graver.

By one click, or one key, of whom an identity provider let in; a wallet signs it first. It goes
where `firebreak acknowledge` puts it, and the keeper of cases reads no difference.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console import statements
from console.desk import Desk
from console.forms import fields_of, text_of
from console.people import Role
from console.publishing import publish
from console.statements import Draft

_LONGEST_WORDS = 500


class Acknowledging:
    """The one thing to press."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return it."""
        return [Route("/cases/{case}/acknowledge", self.acknowledge, methods=["POST"])]

    async def acknowledge(self, request: Request) -> Response:
        """Publish that this person has the case in hand, or draft it for their wallet to sign."""
        desk = self._desk
        session, person = desk.person(request, Role.RESPONDER)
        fields = await fields_of(request, session)
        case = desk.case(request)
        if case.phase == "closed":
            raise HTTPException(409, "This case is closed: nobody is woken for it.")
        if not desk.trust.people.counts(person.account):
            raise HTTPException(
                403,
                "Here the words of those count whose keys or wallets are named in paging: sign in "
                "with such a wallet, or use firebreak acknowledge with your key.",
            )
        words = text_of(fields, "words", _LONGEST_WORDS)
        voice = statements.Author(person, int(desk.now), 0).voice
        statement = statements.acknowledgement(case, words, voice)
        if person.wallet is not None:
            return RedirectResponse(f"/drafts/{session.keep(Draft(statement, case))}", 303)
        await publish(desk, statement)
        return RedirectResponse(f"/cases/{case.id}", 303)
