"""Proposing and answering: from forms to drafts. Nothing is sent to a chain from here."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console import statements
from console.desk import Desk
from console.forms import Fields, fields_of, text_of
from console.people import Person, Role
from console.statements import Draft
from schemas.decisions import Matter, objection
from schemas.errors import ConfigurationError
from schemas.incidents import Incident

_LONGEST_WORDS = 500


class Deciding:
    """The forms by which people propose and answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/cases/{case}/propose", self.form),
            Route("/cases/{case}/propose", self.propose, methods=["POST"]),
            Route("/proposals/{proposal}/answer", self.answer, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        """Show what may be proposed about a case."""
        session, _ = self._desk.person(request, Role.RESPONDER)
        case = self._desk.case(request)
        return self._desk.page(
            request,
            "propose",
            session,
            case=case,
            matter=request.query_params.get("matter", "")[:20],
            brakes=statements.brakes_of(case, self._desk.picture, self._desk.atlas),
            staged=statements.staged_of(case, self._desk.picture),
            addresses=self._desk.atlas.addresses(case.protocol),
            functions=self._desk.atlas.functions(),
        )

    async def propose(self, request: Request) -> Response:
        """Draft a proposal."""
        desk = self._desk
        session, person = desk.person(request, Role.RESPONDER)
        fields = await fields_of(request, session)
        case = self._desk.case(request)
        words = text_of(fields, "words", _LONGEST_WORDS, least=3)
        try:
            calls, staged = self._calls(case, fields)
            statement = statements.proposal(
                case, fields.get("matter", ""), words, calls, staged, self._said_by(person)
            )
        except ConfigurationError as error:
            raise HTTPException(400, str(error)) from error
        self._require_heard(statement.matter, person)
        return RedirectResponse(f"/drafts/{session.keep(Draft(statement, case))}", 303)

    async def answer(self, request: Request) -> Response:
        """Draft an answer."""
        desk = self._desk
        session, person = desk.person(request, Role.APPROVER)
        fields = await fields_of(request, session)
        asked = desk.picture.asked.get(request.path_params["proposal"])
        if asked is None:
            raise HTTPException(404, "There is no such proposal.")
        said_by = self._said_by(person)
        if why := objection(asked.decision, said_by.voice):
            raise HTTPException(409, f"This cannot be answered by you: {why}.")
        self._require_heard(asked.proposal.matter, person)
        words = text_of(fields, "words", _LONGEST_WORDS)
        try:
            statement = statements.answer(
                asked.proposal, fields.get("verdict", ""), words, said_by.voice
            )
        except ConfigurationError as error:
            raise HTTPException(400, str(error)) from error
        case = desk.picture.cases.get(asked.proposal.incident)
        draft = Draft(statement, case, asked.proposal)
        return RedirectResponse(f"/drafts/{session.keep(draft)}", 303)

    def _require_heard(self, matter: Matter, person: Person) -> None:
        """Refuse what the keeper of cases would leave out: a false alarm ends that people are
        woken, so it takes those whose word silences a case."""
        if matter == "false-alarm" and not self._desk.trust.people.counts(person.account):
            raise HTTPException(
                403,
                "Here a false alarm takes a wallet that is named in paging: sign in with it.",
            )

    def _said_by(self, person: Person) -> statements.Author:
        desk = self._desk
        return statements.Author(person, int(desk.now), desk.settings.proposal_seconds)

    def _calls(self, case: Incident, fields: Fields) -> statements.Calls:
        return statements.calls(case, fields, self._desk.picture, self._desk.atlas)
