"""The pages that people look at."""

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from console import statements
from console.desk import Desk
from console.flows import drawing
from console.forms import fields_of
from console.next_step import next_step
from console.people import Role
from console.picture import Seen, Step, led
from console.rates import per_minute
from console.stream import MOST_OF_ONE
from console.timeline import lines_of
from schemas.incidents import Incident, Measure

SHOWN_ALERTS = 50
SHOWN_CASES = 200
PROVED_LINES = 60
"""The newest lines of a case whose standing is asked for; each has a page of its own."""


class Pages:
    """Everything that may be read, each for whoever has the role."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/", self.watch),
            Route("/cases", self.cases),
            Route("/cases/{case}", self.case),
            Route("/cases/{case}/flows", self.flows),
            Route("/plans", self.plans),
            Route("/help", self.help),
            Route("/people", self.people),
            Route("/people/{name}/end", self.end, methods=["POST"]),
            Route("/proof/{record}", self.proof),
            Route("/proof/{record}/file", self.proof_file),
            Route("/rates", self.rates),
            Route("/events", self.events),
        ]

    async def watch(self, request: Request) -> Response:
        """Show the map of protocols and the stream of alerts."""
        session, _ = self._desk.person(request, Role.VIEWER)
        protocol = request.query_params.get("protocol", "")[:128]
        found = self._alerts(protocol)
        return self._desk.page(
            request,
            "watch",
            session,
            postures=self._desk.postures(),
            alerts=found[:SHOWN_ALERTS],
            more=max(0, len(found) - SHOWN_ALERTS),
            protocol=protocol,
        )

    async def cases(self, request: Request) -> Response:
        """List the cases, those that are open first."""
        session, _ = self._desk.person(request, Role.VIEWER)
        found = sorted(
            self._desk.picture.cases.values(),
            key=lambda case: (case.phase == "closed", -case.latest, case.id),
        )
        return self._desk.page(
            request,
            "cases",
            session,
            cases=found[:SHOWN_CASES],
            more=max(0, len(found) - SHOWN_CASES),
        )

    async def case(self, request: Request) -> Response:
        """Show one case, whole."""
        desk = self._desk
        session, person = desk.person(request, Role.VIEWER)
        case = self._case(request)
        recovery = desk.picture.recoveries.get(case.id)
        lines = lines_of(case, desk.picture)
        # What still waits for somebody comes first, then the newest.
        asked = sorted(
            desk.picture.proposals_of(case.id),
            key=lambda one: (one.decision.state != "open", -one.proposal.by.time),
        )
        brakes = desk.picture.steps_of(case)
        staged = recovery.checklist.staged if recovery and recovery.checklist else None
        proved = await desk.proofs.standings(line.record for line in lines[-PROVED_LINES:])
        return desk.page(
            request,
            "case",
            session,
            case=led(case, recovery),
            next_step=next_step(case, asked, brakes, int(desk.now)),
            lines=lines[::-1],
            proved=proved,
            sightings=self._sightings(case),
            brakes=brakes,
            older=_older(case, brakes),
            asked=[
                (one, statements.read(one.proposal.calls, desk.atlas, case.chain)) for one in asked
            ],
            recovery=recovery,
            staged=staged,
            signing=statements.read(staged.calls, desk.atlas, case.chain) if staged else [],
            may_propose=person.role >= Role.RESPONDER,
            may_answer=person.role >= Role.APPROVER,
        )

    async def flows(self, request: Request) -> Response:
        """Show what a case's transactions moved."""
        desk = self._desk
        session, _ = desk.person(request, Role.VIEWER)
        case = self._case(request)
        seen = self._sightings(case)
        found = await desk.lookup.find(seen)
        return desk.page(
            request,
            "flows",
            session,
            case=case,
            drawing=drawing(found, desk.atlas),
            transactions=found,
            wanted=len({one.alert.tx for one in seen}),
        )

    async def plans(self, request: Request) -> Response:
        """Show the brakes: armed or not, rehearsed, budget, heartbeat."""
        session, _ = self._desk.person(request, Role.VIEWER)
        found = [one for one in self._desk.postures() if one.readiness is not None]
        return self._desk.page(request, "plans", session, postures=found)

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

    async def proof(self, request: Request) -> Response:
        """Show how far one line is vouched for."""
        session, _ = self._desk.person(request, Role.VIEWER)
        record = _record(request)
        standing = await self._desk.proofs.standing(record)
        return self._desk.page(request, "proof", session, record=record, standing=standing)

    async def proof_file(self, request: Request) -> Response:
        """Hand out a line's proof."""
        self._desk.person(request, Role.VIEWER)
        record = _record(request)
        data = await self._desk.proofs.file(record)
        if data is None:
            raise HTTPException(404, "The log has no proof of this yet.")
        name = f'attachment; filename="{record[:16]}.tlog-proof"'
        return Response(data, media_type="text/plain", headers={"content-disposition": name})

    async def rates(self, request: Request) -> Response:
        """Return how many alerts there were in each of the last minutes, for the chart."""
        self._desk.person(request, Role.VIEWER)
        found = per_minute(self._desk.picture.alerts.values(), self._desk.now)
        return Response(orjson.dumps(found), media_type="application/json")

    async def events(self, request: Request) -> Response:
        """Tell a browser what changed, as long as its person is signed in."""
        desk = self._desk
        session, _ = desk.person(request, Role.VIEWER)
        if desk.stream.full or session.streams >= MOST_OF_ONE:
            raise HTTPException(429, "Too many pages are open.")

        async def told() -> Any:
            session.streams += 1
            try:
                async for event in desk.stream.events(lambda: desk.sessions.over(session)):
                    yield event
            finally:
                session.streams -= 1

        headers = {"x-accel-buffering": "no"}
        return StreamingResponse(told(), media_type="text/event-stream", headers=headers)

    def _alerts(self, protocol: str) -> list[Seen]:
        found = reversed(self._desk.picture.alerts.values())
        return [one for one in found if not protocol or one.alert.protocol == protocol]

    def _sightings(self, case: Incident) -> list[Seen]:
        """Return the alerts of a case that are still known, the gravest first."""
        kept = (self._desk.picture.alerts.get(one.alert) for one in case.sightings)
        found = [one for one in kept if one is not None]
        return sorted(found, key=lambda one: (bool(one.withdrawn), -one.alert.score))

    def _case(self, request: Request) -> Incident:
        found = self._desk.picture.cases.get(request.path_params["case"])
        if found is None:
            raise HTTPException(404, "There is no such case here.")
        return found


def _older(case: Incident, brakes: Sequence[Sequence[Step]]) -> list[Measure]:
    """Return the brakes of a case whose steps are older than what is read back."""
    known = {steps[0].action.action for steps in brakes}
    return [one for one in case.measures if one.action not in known]


def _record(request: Request) -> str:
    record: str = request.path_params["record"]
    if len(record) != 64 or set(record) - set("0123456789abcdef"):
        raise HTTPException(404, "An id is 64 hexadecimal digits.")
    return record
