"""The pages of what lies around the cases: neighbours' warnings, risk, contracts."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import Desk
from console.people import Role
from console.surroundings import Warned
from schemas.risk import Risk

SHOWN_SIGNALS = 100
SHOWN_CHANGES = 50


class Around:
    """Each for whoever may look."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/signals", self.signals),
            Route("/risk", self.risk),
            Route("/contracts", self.contracts),
            Route("/contracts/{protocol}", self.posture),
        ]

    async def signals(self, request: Request) -> Response:
        """Show what neighbours warn of: what still counts first, the gravest and newest of it."""
        session, _ = self._desk.person(request, Role.VIEWER)
        found = sorted(self._desk.picture.around.signals.values(), key=self._standing)
        return self._desk.page(
            request,
            "signals",
            session,
            signals=found[:SHOWN_SIGNALS],
            more=max(0, len(found) - SHOWN_SIGNALS),
        )

    def _standing(self, one: Warned) -> tuple[bool, int]:
        over = one.taken_back or one.signal.expiry <= self._desk.now
        return over, -one.signal.expiry

    async def risk(self, request: Request) -> Response:
        """Show what an insurer asks of each protocol, the likeliest incident first. Where keys are
        named, no figure that none of them signed."""
        session, _ = self._desk.person(request, Role.VIEWER)
        around, checked = self._desk.picture.around, self._desk.trust.insurers is not None
        shown = around.risks if checked else around.unproved
        found = [({figure.name: figure for figure in one.figures}, one) for one in shown.values()]
        found.sort(key=lambda pair: (-_value(pair[0].get("probability")), pair[1].protocol))
        doubtful = [one for one in around.unproved.values() if checked and _newer(one, shown)]
        return self._desk.page(
            request, "risk", session, risks=found, doubtful=doubtful, checked=checked
        )

    async def contracts(self, request: Request) -> Response:
        """Show how each protocol's contracts stand: what no brake stops, and what was found."""
        session, _ = self._desk.person(request, Role.VIEWER)
        around = self._desk.picture.around
        found = sorted(
            around.assessed.values(),
            key=lambda one: (-len(one.gaps), -one.findings, one.assessment.protocol),
        )
        return self._desk.page(
            request,
            "contracts",
            session,
            assessed=found,
            changes=list(reversed(around.findings.values()))[:SHOWN_CHANGES],
            alone="",
        )

    async def posture(self, request: Request) -> Response:
        """Show how one protocol's contracts stand, with every function that moves assets. Raises
        `HTTPException` 404 for one that was not assessed."""
        session, _ = self._desk.person(request, Role.VIEWER)
        around, name = self._desk.picture.around, request.path_params["protocol"]
        found = around.assessed.get(name)
        if found is None:
            raise HTTPException(404, "No contract of such a protocol was assessed.")
        changes = [one for one in reversed(around.findings.values()) if one.protocol == name]
        return self._desk.page(
            request,
            "contracts",
            session,
            assessed=[found],
            changes=changes[:SHOWN_CHANGES],
            alone=name,
        )


def _newer(risk: Risk, known: Mapping[str, Risk]) -> bool:
    before = known.get(risk.protocol)
    return before is None or before.at < risk.at


def _value(figure: object) -> float:
    value = getattr(figure, "value", 0.0)
    return float(value)
