"""What somebody is about to say: shown in full, signed where they have a wallet, then published.

A wallet signs what it reads; who came by an identity provider says it on the console's word, and
the record tells which.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console import statements
from console.desk import Desk
from console.forms import fields_of, text_of
from console.people import Person, Role
from console.publishing import publish
from console.statements import Draft
from runtime import attested
from runtime.attested import Statement
from schemas.decisions import Answer, objection
from schemas.errors import PoisonRecordError

DRAFT_SECONDS = 600
"""How long a draft may wait for its author."""

_LONGEST_SIGNATURE = 200


class Drafts:
    """The page before anything is said."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/drafts/{name}", self.show),
            Route("/drafts/{name}", self.say, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show a draft in full, and what a wallet would sign."""
        session, person = self._desk.person(request, Role.RESPONDER)
        draft = session.drafts.get(request.path_params["name"])
        if not isinstance(draft, Draft):
            raise HTTPException(404, "This draft was used, or it is gone. Begin again.")
        subject = draft.subject
        calls = () if subject is None else subject.calls
        return self._desk.page(
            request,
            "draft",
            session,
            draft=draft,
            name=request.path_params["name"],
            typed=attested.typed(draft.statement) if person.wallet else None,
            calls=statements.read(calls, self._desk.atlas, draft.statement.chain),
        )

    async def say(self, request: Request) -> Response:
        """Publish a draft, signed where its author has a wallet."""
        desk = self._desk
        session, person = desk.person(request, Role.RESPONDER)
        fields = await fields_of(request, session)
        draft = session.drafts.pop(request.path_params["name"], None)
        if not isinstance(draft, Draft):
            raise HTTPException(404, "This draft was used already: look at the case.")
        statement = draft.statement
        if desk.now - attested.voice_of(statement).time > DRAFT_SECONDS:
            raise HTTPException(410, "This draft is too old: what it says may be so no longer.")
        self._require_still(statement, person)
        if person.wallet is not None:
            try:
                signature = text_of(fields, "signature", _LONGEST_SIGNATURE)
                statement = attested.signed(statement, signature)
            except PoisonRecordError as error:
                raise HTTPException(400, f"{error}. Nothing was published.") from error
        await publish(desk, statement)
        return RedirectResponse(f"/cases/{statement.incident}", 303)

    def _require_still(self, statement: Statement, person: Person) -> None:
        """Look once more: somebody else may have answered meanwhile, or a role may have changed."""
        if not isinstance(statement, Answer):
            return
        if person.role < Role.APPROVER:
            raise HTTPException(403, "Answering takes the role approver.")
        asked = self._desk.picture.asked.get(statement.proposal)
        why = objection(asked.decision, statement.by) if asked else "the proposal is gone"
        if why:
            raise HTTPException(409, f"Nothing was published: {why}.")
