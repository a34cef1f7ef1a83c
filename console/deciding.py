"""Proposing and answering: first a draft that is shown in full, then a statement that is published.

Nothing is sent to a chain from here, and no key is here to send it with. A wallet signs what it
reads; who came by an identity provider says it on the console's word, and the record tells which.
"""

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console import statements
from console.desk import Desk
from console.forms import Fields, fields_of, text_of
from console.people import Person, Role
from console.picture import Asked
from console.statements import Draft
from runtime import attested
from runtime.attested import Statement
from runtime.logs import logger
from schemas.codec import UnencodableRecordError, encode
from schemas.decisions import Proposal, objection
from schemas.errors import ConfigurationError, PipelineError, PoisonRecordError
from schemas.incidents import Incident
from schemas.topics import DECISIONS

_log = logger(__name__)

DRAFT_SECONDS = 600
"""How long a draft may wait for its author."""

_LONGEST_WORDS = 500
_LONGEST_SIGNATURE = 200
_LOOKS, _LOOK_SECONDS = 60, 0.05


class Deciding:
    """The pages on which people say something."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/cases/{case}/propose", self.form),
            Route("/cases/{case}/propose", self.propose, methods=["POST"]),
            Route("/proposals/{proposal}/answer", self.answer, methods=["POST"]),
            Route("/drafts/{name}", self.draft),
            Route("/drafts/{name}", self.say, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        """Show what may be proposed about a case."""
        session, _ = self._desk.person(request, Role.RESPONDER)
        case = self.case(request)
        return self._desk.page(
            request,
            "propose",
            session,
            case=case,
            matter=request.query_params.get("matter", "")[:20],
            brakes=statements.brakes_of(case, self._desk.picture),
            staged=statements.staged_of(case, self._desk.picture),
            addresses=self._desk.atlas.addresses(case.protocol),
            functions=self._desk.atlas.functions(),
        )

    async def propose(self, request: Request) -> Response:
        """Draft a proposal."""
        desk = self._desk
        session, person = desk.person(request, Role.RESPONDER)
        fields = await fields_of(request, session)
        case = self.case(request)
        words = text_of(fields, "words", _LONGEST_WORDS, least=3)
        try:
            calls, staged = self._calls(case, fields)
            statement = statements.proposal(
                case, fields.get("matter", ""), words, calls, staged, self._said_by(person)
            )
        except ConfigurationError as error:
            raise HTTPException(400, str(error)) from error
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

    async def draft(self, request: Request) -> Response:
        """Show a draft in full, and what a wallet would sign."""
        session, person = self._desk.person(request, Role.RESPONDER)
        draft = session.drafts.get(request.path_params["name"])
        if not isinstance(draft, Draft):
            raise HTTPException(404, "This draft was used, or it is gone. Begin again.")
        return self._desk.page(
            request,
            "draft",
            session,
            draft=draft,
            name=request.path_params["name"],
            typed=attested.typed(draft.statement) if person.wallet else None,
            calls=statements.read(draft.subject.calls, self._desk.atlas, draft.subject.chain),
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
        if desk.now - statement.by.time > DRAFT_SECONDS:
            raise HTTPException(410, "This draft is too old: what it says may be so no longer.")
        self._require_still(statement, person)
        if person.wallet is not None:
            try:
                signature = text_of(fields, "signature", _LONGEST_SIGNATURE)
                statement = attested.signed(statement, signature)
            except PoisonRecordError as error:
                raise HTTPException(400, f"{error}. Nothing was published.") from error
        await self._publish(statement)
        return RedirectResponse(f"/cases/{statement.incident}", 303)

    def _require_still(self, statement: Statement, person: Person) -> None:
        """Look once more: somebody else may have answered meanwhile, or a role may have changed."""
        if isinstance(statement, Proposal):
            return
        if person.role < Role.APPROVER:
            raise HTTPException(403, "Answering takes the role approver.")
        asked = self._desk.picture.asked.get(statement.proposal)
        why = objection(asked.decision, statement.by) if asked else "the proposal is gone"
        if why:
            raise HTTPException(409, f"Nothing was published: {why}.")

    async def _publish(self, statement: Statement) -> None:
        """Return once the broker has it, and this console has read it back, if that is soon."""
        desk = self._desk
        try:
            value = encode(statement)
            await run_in_threadpool(self._send, value, statement.protocol)
        except UnencodableRecordError as error:
            raise HTTPException(400, f"This does not fit into a record: {error}") from error
        except PipelineError as error:
            _log.error("not_published", error=str(error))
            raise HTTPException(
                503, f"Nothing is certain: Kafka did not confirm. {error}"
            ) from error
        kind = "proposal" if isinstance(statement, Proposal) else "answer"
        desk.metrics.statements.labels(kind).inc()
        _log.info("said", kind=kind, record=statement.id, person=statement.by.person)
        for _ in range(_LOOKS):
            if self._is_read(statement):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def _send(self, value: bytes, protocol: str) -> None:
        self._desk.producer.send(DECISIONS.name, value, key=protocol.encode())
        self._desk.producer.flush()

    def _is_read(self, statement: Statement) -> bool:
        if isinstance(statement, Proposal):
            return statement.id in self._desk.picture.asked
        asked: Asked | None = self._desk.picture.asked.get(statement.proposal)
        return asked is not None and any(one.id == statement.id for one in asked.answers)

    def _said_by(self, person: Person) -> statements.Author:
        desk = self._desk
        return statements.Author(person, int(desk.now), desk.settings.proposal_seconds)

    def _calls(self, case: Incident, fields: Fields) -> statements.Calls:
        return statements.calls(case, fields, self._desk.picture, self._desk.atlas)

    def case(self, request: Request) -> Incident:
        """Return the case that a path names. Raises `HTTPException` 404 where there is none."""
        found = self._desk.picture.cases.get(request.path_params["case"])
        if found is None:
            raise HTTPException(404, "There is no such case here.")
        return found
