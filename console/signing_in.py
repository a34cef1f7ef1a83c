"""Signing in and out: by an identity provider, or by a wallet."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console import wallet
from console.desk import Desk, in_thread
from console.forms import fields_of, text_of
from console.identity import Question
from console.people import Person
from console.sessions import Session
from console.wallet import Challenge
from runtime.logs import logger
from schemas.errors import PoisonRecordError, TransientError

_log = logger(__name__)

_LONGEST_SIGNATURE = 200


class SigningIn:
    """The pages before all others."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/login", self.login),
            Route("/login/wallet", self.challenge, methods=["POST"]),
            Route("/login/wallet/{name}", self.signed, methods=["POST"]),
            Route("/login/provider", self.provider),
            Route("/login/provider/answer", self.answer),
            Route("/logout", self.logout, methods=["POST"]),
        ]

    async def login(self, request: Request) -> Response:
        """Show the ways in."""
        session = self._desk.session(request)
        if session is not None and session.person is not None:
            return RedirectResponse("/", 303)
        cookie = ""
        if session is None:
            cookie, session = self._desk.sessions.begin()
        answer = self._desk.page(request, "login", session, chains=self._desk.settings.chains)
        if cookie:
            self._desk.give(answer, cookie)
        return answer

    async def challenge(self, request: Request) -> Response:
        """Show a message for a wallet to sign."""
        desk = self._desk
        session = self._visitor(request)
        fields = await fields_of(request, session)
        chain = text_of(fields, "chain", 41)
        if chain not in desk.settings.chains:
            known = ", ".join(desk.settings.chains)
            raise HTTPException(400, f"{chain} is not among the chains of this console: {known}.")
        try:
            asked = wallet.challenge(
                desk.url, text_of(fields, "address", 42, least=42), chain, int(desk.now)
            )
        except PoisonRecordError as error:
            raise HTTPException(400, str(error)) from error
        name = session.keep(asked)
        return desk.page(request, "challenge", session, asked=asked, name=name)

    async def signed(self, request: Request) -> Response:
        """Let somebody in who signed. A message is of use once, whatever came of it."""
        desk = self._desk
        session = self._visitor(request)
        fields = await fields_of(request, session)
        asked = _taken(session, request.path_params["name"], Challenge)
        try:
            wallet.check(asked, text_of(fields, "signature", _LONGEST_SIGNATURE), int(desk.now))
        except PoisonRecordError as error:
            raise self._refused(str(error)) from error
        return self._admit(
            request, desk.roster.by_wallet(asked.chain, asked.address), asked.address
        )

    async def provider(self, request: Request) -> Response:
        """Go to the identity provider."""
        desk = self._desk
        session = self._visitor(request)
        if desk.provider is None:
            raise HTTPException(404, "No identity provider is configured.")
        try:
            address, question = await in_thread(desk.provider.ask)
        except TransientError as error:
            raise HTTPException(503, str(error)) from error
        for name in [key for key, kept in session.drafts.items() if isinstance(kept, Question)]:
            del session.drafts[name]
        session.keep(question)
        return RedirectResponse(address, 303)

    async def answer(self, request: Request) -> Response:
        """Come back from the identity provider."""
        desk = self._desk
        session = self._visitor(request)
        kept = [name for name, one in session.drafts.items() if isinstance(one, Question)]
        question = _taken(session, kept[0] if kept else "", Question)
        state, code = (request.query_params.get(name, "")[:4096] for name in ("state", "code"))
        if desk.provider is None or not code:
            told = request.query_params.get("error", "no code")[:100]
            raise self._refused(f"The identity provider answered: {told}")
        try:
            named = await in_thread(desk.provider.answer, question, state, code)
        except PoisonRecordError as error:
            raise self._refused(str(error)) from error
        except TransientError as error:
            raise HTTPException(503, str(error)) from error
        person = desk.roster.by_subject(desk.provider.issuer, named.subject, named.groups)
        return self._admit(request, person, named.subject)

    async def logout(self, request: Request) -> Response:
        """End the session."""
        desk = self._desk
        session = desk.session(request)
        if session is not None:
            await fields_of(request, session)
            desk.sessions.end(request.cookies.get(desk.cookie, ""))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(desk.cookie, path="/", secure=desk.url.startswith("https:"))
        return answer

    def _visitor(self, request: Request) -> Session:
        session = self._desk.session(request)
        if session is None:
            raise HTTPException(403, "Your visit ended. Begin at the sign-in page again.")
        return session

    def _admit(self, request: Request, person: Person | None, account: str) -> Response:
        desk = self._desk
        if person is None:
            _log.warning("stranger", account=account[:100])
            raise self._refused(f"Nobody here goes by {account[:100]}. An admin has to add you.")
        desk.sessions.end(request.cookies.get(desk.cookie, ""))
        cookie, _ = desk.sessions.begin(person)
        _log.info("signed_in", person=person.name, role=person.role.word)
        desk.metrics.console_sign_ins.labels("admitted").inc()
        return desk.signed_in(cookie, "/")

    def _refused(self, why: str) -> HTTPException:
        self._desk.metrics.console_sign_ins.labels("refused").inc()
        return HTTPException(403, why)


def _taken(session: Session, name: str, kind: type[Any]) -> Any:
    """Take what was kept for this browser, so that it is of use once."""
    kept = session.drafts.pop(name, None)
    if not isinstance(kept, kind):
        raise HTTPException(403, "This was used already, or was not meant for you. Begin again.")
    return kept
