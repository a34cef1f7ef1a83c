"""What was approved, as files for those who carry it out (`console.packets`)."""

from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import Desk
from console.packets import Packet, packet_of
from console.people import Role
from console.statements import staged_of


class HandingOut:
    """Two files of each proposal that was approved and has calls."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/proposals/{proposal}/safe.json", self.signing),
            Route("/proposals/{proposal}/batch.json", self.batch),
        ]

    async def signing(self, request: Request) -> Response:
        """Hand out what each owner of the Safe signs."""
        packet = self._packet(request)
        if not packet.transactions:
            raise HTTPException(404, "The Safe and its nonce are not known here.")
        return _file(packet, "safe", packet.signing)

    async def batch(self, request: Request) -> Response:
        """Hand out the calls for the Transaction Builder."""
        packet = self._packet(request)
        return _file(packet, "batch", packet.batch)

    def _packet(self, request: Request) -> Packet:
        desk = self._desk
        desk.person(request, Role.VIEWER)
        asked = desk.picture.asked.get(request.path_params["proposal"])
        case = None if asked is None else desk.picture.cases.get(asked.proposal.incident)
        staged = None if case is None else staged_of(case, desk.picture)
        packet = None if asked is None else packet_of(asked, staged, desk.atlas)
        if packet is None:
            raise HTTPException(404, "No approved proposal with calls goes by this name.")
        if packet.trouble:
            raise HTTPException(409, f"Nobody should sign this: {packet.trouble}.")
        return packet


def _file(packet: Packet, kind: str, content: dict[str, Any]) -> Response:
    name = f"{packet.asked.proposal.id[:16]}-{kind}.json"
    return Response(
        orjson.dumps(content, option=orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
