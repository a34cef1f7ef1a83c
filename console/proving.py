"""The pages of one line's proof."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import Desk
from console.people import Role


class Proving:
    """What the transparency log says of a record, and the file to take away."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them."""
        return [Route("/proof/{record}", self.proof), Route("/proof/{record}/file", self.file)]

    async def proof(self, request: Request) -> Response:
        """Show how far one line is vouched for."""
        session, _ = self._desk.person(request, Role.VIEWER)
        record = _record(request)
        standing = await self._desk.proofs.standing(record)
        return self._desk.page(request, "proof", session, record=record, standing=standing)

    async def file(self, request: Request) -> Response:
        """Hand out a line's proof."""
        self._desk.person(request, Role.VIEWER)
        record = _record(request)
        data = await self._desk.proofs.file(record)
        if data is None:
            raise HTTPException(404, "The log has no proof of this yet.")
        name = f'attachment; filename="{record[:16]}.tlog-proof"'
        return Response(data, media_type="text/plain", headers={"content-disposition": name})


def _record(request: Request) -> str:
    record: str = request.path_params["record"]
    if len(record) != 64 or set(record) - set("0123456789abcdef"):
        raise HTTPException(404, "An id is 64 hexadecimal digits.")
    return record
