"""A witness over HTTP: `POST /add-checkpoint` (C2SP tlog-witness)."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from forensics.record.witness import LONGEST_REQUEST, RefusedError, Witness


def app(witness: Witness) -> Starlette:
    """Return the application."""

    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_REQUEST:
                return PlainTextResponse(f"the limit is {LONGEST_REQUEST} bytes\n", 413)
        try:
            return PlainTextResponse(
                str(await asyncio.to_thread(witness.add_checkpoint, bytes(body)))
            )
        except RefusedError as error:
            if error.size is not None:
                return Response(f"{error.size}\n", error.status, media_type="text/x.tlog.size")
            return PlainTextResponse(f"{error}\n", error.status)

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])
