"""The records over HTTP, read-only: the bytes that are on the topic, with what proves them.

    GET /v1/risk                      every protocol's newest figures, without their inputs
    GET /v1/risk/PROTOCOL             its newest record, byte for byte
    GET /v1/risk/PROTOCOL/history     ?before=SECONDS&limit=N (at most `MOST_AT_ONCE`), newest first
    GET /v1/schema                    the JSON Schema of a record

A record comes with its signature in headers of its own (`Firebreak-Key-Id`, `-Sequence`,
`-Expires`, `-Ed25519`, and `-Eip712` where reports are signed for a chain), an ETag that is the
record's id, and its time as Last-Modified. Whoever asks too often is answered 429.
"""

import hashlib
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from math import ceil
from typing import Any

import msgspec
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime.rates import Limit
from schemas import headers
from schemas.published import json_schema
from schemas.topics import RISK
from schemas.units import SAFE_INTEGER
from underwriting.shelf import Kept, Shelf

MOST_AT_ONCE = 200

EIP712 = "eip712"
"""The header in which a record carries the signature that its feed takes, in hexadecimal."""

MAX_AGE = 5
"""Seconds for which an answer may be kept by whoever stands between."""

_LONGEST_QUERY = 256

_TOLD = {
    headers.KEY_ID: "Firebreak-Key-Id",
    headers.SEQUENCE: "Firebreak-Sequence",
    headers.EXPIRES: "Firebreak-Expires",
    EIP712: "Firebreak-Eip712",
}


class _Desk:
    """Answers what may be asked."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._schema = orjson.dumps(json_schema(RISK))

    def every(self, request: Request) -> Response:
        rows = [_row(kept) for kept in self._shelf.all_newest()]
        return _answer(request, orjson.dumps({"risk": rows}))

    def newest(self, request: Request) -> Response:
        kept = self._shelf.newest(request.path_params["protocol"])
        if kept is None:
            return _refusal(HTTPStatus.NOT_FOUND, "no record of this protocol; see /v1/risk")
        return _answer(request, kept.value, kept)

    def history(self, request: Request) -> Response:
        try:
            limit = _number(request, "limit", MOST_AT_ONCE // 2, MOST_AT_ONCE)
            before = _number(request, "before", SAFE_INTEGER, SAFE_INTEGER)
        except ValueError as error:
            return _refusal(HTTPStatus.BAD_REQUEST, str(error))
        found = self._shelf.before(request.path_params["protocol"], before, limit)
        body = b'{"records":[' + b",".join(kept.value for kept in found) + b"]}"
        return _answer(request, body)

    def shape(self, request: Request) -> Response:
        return _answer(request, self._schema)


def application(shelf: Shelf, limit: Limit) -> Starlette:
    """Return the application."""
    desk = _Desk(shelf)

    def limited(asked: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if len(request.url.query) > _LONGEST_QUERY:
                return _refusal(HTTPStatus.BAD_REQUEST, "a question that long has no answer here")
            wait = limit.wait(request.client.host if request.client else "")
            if wait:
                refusal = _refusal(HTTPStatus.TOO_MANY_REQUESTS, "too often; see Retry-After")
                refusal.headers["Retry-After"] = str(ceil(wait))
                return refusal
            return asked(request)

        return answer

    return Starlette(
        routes=[
            Route("/v1/risk", limited(desk.every)),
            Route("/v1/risk/{protocol}", limited(desk.newest)),
            Route("/v1/risk/{protocol}/history", limited(desk.history)),
            Route("/v1/schema", limited(desk.shape)),
        ]
    )


def _row(kept: Kept) -> dict[str, Any]:
    risk = kept.risk
    return {
        "protocol": risk.protocol,
        "chain": risk.chain,
        "id": risk.id,
        "at": risk.at,
        "block": risk.block,
        "horizon": risk.inputs.horizon,
        "standing": risk.inputs.standing,
        "figures": msgspec.to_builtins(risk.figures),
        "reasons": risk.reasons,
    }


def _answer(request: Request, body: bytes, kept: Kept | None = None) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest() if kept is None else kept.risk.id}"'
    beside = {"ETag": tag, "Cache-Control": f"public, max-age={MAX_AGE}", **_SAFE}
    if kept is not None:
        beside["Last-Modified"] = formatdate(kept.risk.at, usegmt=True)
        beside |= _proof(kept)
    if tag in [one.strip() for one in request.headers.get("if-none-match", "").split(",")[:32]]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=beside)
    return Response(body, media_type="application/json", headers=beside)


def _proof(kept: Kept) -> dict[str, str]:
    found = {
        shown: value.decode("ascii", "replace")
        for name, shown in _TOLD.items()
        if (value := headers.find(kept.headers, name)) is not None
    }
    signature = headers.find(kept.headers, headers.SIGNATURE)
    if signature is not None:
        found["Firebreak-Ed25519"] = signature.hex()
    return found


_SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


def _refusal(status: HTTPStatus, reason: str) -> Response:
    body = orjson.dumps({"error": reason})
    return Response(body, status_code=status, media_type="application/json", headers=_SAFE)


def _number(request: Request, name: str, usual: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and 0 < int(text) <= most):
        raise ValueError(f"{name} has to be a whole number from 1 to {most}")
    return int(text)
