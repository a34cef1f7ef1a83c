"""The pages that people look at."""

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console import statements
from console.desk import Desk
from console.flows import drawing
from console.next_step import next_step
from console.packets import packets_of
from console.paged import channels_of, in_hand, waiting
from console.people import Person, Role
from console.picture import Seen, Step, led
from console.rates import per_minute
from console.stream import MOST_OF_ONE
from console.timeline import lines_of
from console.trail import trail_of
from schemas.incidents import Incident, Measure

SHOWN_ALERTS = 50
SHOWN_CASES = 200
SHOWN_WAITING = 20
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
            Route("/rates", self.rates),
            Route("/events", self.events),
        ]

    async def watch(self, request: Request) -> Response:
        """Show the map of protocols and the stream of alerts."""
        session, person = self._desk.person(request, Role.VIEWER)
        waits = waiting(self._desk.picture)
        protocol = request.query_params.get("protocol", "")[:128]
        found = self._alerts(protocol)
        return self._desk.page(
            request,
            "watch",
            session,
            waiting=waits[:SHOWN_WAITING],
            more_waiting=max(0, len(waits) - SHOWN_WAITING),
            may_acknowledge=self._may_acknowledge(person),
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
        case = desk.case(request)
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
            packets=packets_of(asked, staged, desk.atlas),
            signing=statements.read(staged.calls, desk.atlas, case.chain) if staged else [],
            in_hand=in_hand(case),
            told=channels_of(desk.picture.pages.get(case.id)),
            trail=trail_of(desk.picture.around.trails.get(case.id), desk.atlas),
            may_acknowledge=self._may_acknowledge(person),
            may_propose=person.role >= Role.RESPONDER,
            may_answer=person.role >= Role.APPROVER,
        )

    async def flows(self, request: Request) -> Response:
        """Show what a case's transactions moved."""
        desk = self._desk
        session, _ = desk.person(request, Role.VIEWER)
        case = desk.case(request)
        seen = self._sightings(case)
        found = await desk.lookup.find(seen)
        return desk.page(
            request,
            "flows",
            session,
            case=case,
            drawing=drawing(found, desk.atlas),
            trail=trail_of(desk.picture.around.trails.get(case.id), desk.atlas),
            transactions=found,
            wanted=len({one.alert.tx for one in seen}),
        )

    async def plans(self, request: Request) -> Response:
        """Show the brakes: armed or not, rehearsed, budget, heartbeat."""
        session, _ = self._desk.person(request, Role.VIEWER)
        found = [one for one in self._desk.postures() if one.readiness is not None]
        return self._desk.page(request, "plans", session, postures=found)

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

    def _may_acknowledge(self, person: Person) -> bool:
        return person.role >= Role.RESPONDER and self._desk.trust.people.counts(person.account)

    def _alerts(self, protocol: str) -> list[Seen]:
        found = reversed(self._desk.picture.alerts.values())
        return [one for one in found if not protocol or one.alert.protocol == protocol]

    def _sightings(self, case: Incident) -> list[Seen]:
        """Return the alerts of a case that are still known, the gravest first."""
        kept = (self._desk.picture.alerts.get(one.alert) for one in case.sightings)
        found = [one for one in kept if one is not None]
        return sorted(found, key=lambda one: (bool(one.withdrawn), -one.alert.score))


def _older(case: Incident, brakes: Sequence[Sequence[Step]]) -> list[Measure]:
    """Return the brakes of a case whose steps are older than what is read back."""
    known = {steps[0].action.action for steps in brakes}
    return [one for one in case.measures if one.action not in known]
