"""The log over HTTP: its checkpoint and tiles (C2SP tlog-tiles), proofs, and records by their ids.

    GET /checkpoint                     the newest checkpoint, with what cosignatures there are
    GET /tile/LEVEL/NUMBER[.p/WIDTH]    hashes: 256, or WIDTH of a tile that is not full yet
    GET /tile/entries/NUMBER[.p/WIDTH]  the leaves themselves, each behind its length in 16 bits
    GET /proof/ID                       a .tlog-proof of the first leaf that holds this id, or of
                                        leaf N of them with ?leaf=N
    GET /records/ID                     JSON: every leaf that holds this id, and who vouches for it
    GET /apart/SHA256                   bytes that are kept apart
    GET /anchors                        JSON: the roots on chain

Tiles are shown as far as they are sealed. Nothing here writes; who may read is up to the network.
"""

import re
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from forensics.record.errors import UntrustedError
from forensics.record.log_reader import LogReader
from forensics.record.proving import prove, standing
from forensics.record.tiles import WIDTH, Tile, placed, width_in
from schemas.errors import PipelineError, PoisonRecordError, TransientError

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_NOT_LONG = {"Cache-Control": "no-cache"}
_BYTES = "application/octet-stream"
_HASH = re.compile("[0-9a-f]{64}")
_LEVEL = re.compile("[0-9]{1,2}")


class _Pages:
    """What each address answers. Called in threads: the database makes them wait."""

    def __init__(self, log: LogReader) -> None:
        self._log = log

    def checkpoint(self, _request: Request) -> Response:
        newest = self._log.newest_seal()
        if newest is None:
            raise LookupError("nothing is sealed yet")
        return PlainTextResponse(newest.note, headers=_NOT_LONG)

    def tile(self, request: Request) -> Response:
        level: str = request.path_params["level"]
        if not _LEVEL.fullmatch(level):
            raise LookupError("no such tile")
        tile = self._sealed(int(level), request.path_params["place"])
        return Response(self._log.tile(tile), media_type=_BYTES, headers=_FOR_EVER)

    def entries(self, request: Request) -> Response:
        tile = self._sealed(0, request.path_params["place"])
        start, found = tile.number * WIDTH, bytearray()
        for leaf in self._log.leaves(start, start + tile.width):
            if leaf.entry is None:
                raise LookupError(f"of leaf {leaf.position} only the hash is left")
            found += len(leaf.entry).to_bytes(2) + leaf.entry
        return Response(bytes(found), media_type=_BYTES, headers=_FOR_EVER)

    def proof(self, request: Request) -> Response:
        places = self._named(request)
        wanted = request.query_params.get("leaf", str(places[0]))
        if not wanted.isascii() or not wanted.isdigit() or int(wanted[:19]) not in places:
            raise LookupError(f"no such leaf; there are {', '.join(map(str, places))}")
        return PlainTextResponse(str(prove(self._log, int(wanted[:19]))), headers=_NOT_LONG)

    def records(self, request: Request) -> Response:
        found = [standing(self._log, place).shown() for place in self._named(request)]
        return JSONResponse({"id": request.path_params["id"], "leaves": found}, headers=_NOT_LONG)

    def apart(self, request: Request) -> Response:
        digest = self._hash(request)
        data = self._log.apart(digest)
        if data is None:
            raise LookupError("nothing is kept apart under this hash")
        return Response(data, media_type=_BYTES, headers=_FOR_EVER)

    def anchors(self, _request: Request) -> Response:
        found = [one.shown() for one in self._log.anchors()]
        return JSONResponse(found, headers=_NOT_LONG)

    def _sealed(self, level: int, place: str) -> Tile:
        tile = placed(level, place)
        newest = self._log.newest_seal()
        if newest is None or width_in(newest.size, level, tile.number) < tile.width:
            raise LookupError("no such tile yet")
        return tile

    def _named(self, request: Request) -> list[int]:
        found = self._log.named(bytes.fromhex(self._hash(request)))
        if not found:
            raise LookupError("no record with this id")
        return found

    @staticmethod
    def _hash(request: Request) -> str:
        text: str = request.path_params["id"]
        if not _HASH.fullmatch(text):
            raise LookupError("an id is 64 hexadecimal digits")
        return text


def app(log: LogReader) -> Starlette:
    """Return the application."""
    pages = _Pages(log)
    return Starlette(
        routes=[
            Route("/checkpoint", _answered(pages.checkpoint)),
            Route("/tile/entries/{place:path}", _answered(pages.entries)),
            Route("/tile/{level}/{place:path}", _answered(pages.tile)),
            Route("/proof/{id}", _answered(pages.proof)),
            Route("/records/{id}", _answered(pages.records)),
            Route("/apart/{id}", _answered(pages.apart)),
            Route("/anchors", _answered(pages.anchors)),
        ]
    )


def _answered(page: Callable[[Request], Response]) -> Callable[[Request], Any]:
    """Turn what a page raises into a status: there is none, not yet, or we are at fault."""

    def answer(request: Request) -> Response:
        try:
            return page(request)
        except (LookupError, UntrustedError, PoisonRecordError) as error:
            return PlainTextResponse(f"{error.args[0]}\n", 404)
        except TransientError as error:
            return PlainTextResponse(f"{error}\n", 503, {"Retry-After": "5"})
        except PipelineError as error:
            return PlainTextResponse(f"{error}\n", 500)

    return answer
