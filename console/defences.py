"""What every request passes before a page sees it, and what every answer carries.

- A host that is not ours is refused (a name that was bound to our address by somebody else).
- A body is at most 64 KiB, whatever its header says, and has to arrive within seconds.
- Nobody asks more often than `limits` allow; answers and questions are counted apart.
- What changes something has to come from our own pages: `Origin`, or `Sec-Fetch-Site` where a
  browser leaves it out. Forms carry the session's token as well (`console.forms`).
- Every answer forbids scripts and styles that are not our files, framing, sniffing, caching and
  telling others where somebody came from.
"""

import asyncio
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.clock import Clock
from runtime.metrics import Metrics
from runtime.rates import Limit, Rate

MAX_BODY = 64 * 1024
BODY_SECONDS = 10.0

READING = Rate(burst=240, per_second=20)
"""Of one address: a few people behind one router, each with a few pages that renew themselves."""

WRITING = Rate(burst=20, per_second=0.5)

SIGNING_IN = Rate(burst=20, per_second=0.2)

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no-referrer, browsers say that forms come from "null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_SAFE = frozenset({"GET", "HEAD"})
_STATIC = "/static/"


class Defences:
    """Stands before the pages."""

    def __init__(self, app: ASGIApp, url: str, clock: Clock, metrics: Metrics) -> None:
        """`url` is the address that browsers see."""
        self._app = app
        self._origin = url
        self._host = urlsplit(url).netloc.lower()
        self._secure = url.startswith("https:")
        self._metrics = metrics
        self._reading = Limit(READING, clock)
        self._writing = Limit(WRITING, clock)
        self._signing_in = Limit(SIGNING_IN, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no websockets here: closed without an answer
        refusal = self._refusal(scope)
        if refusal is not None:
            await self._refuse(refusal, scope, receive, self._armoured(scope, send))
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(scope, receive)
        except TimeoutError:
            body = None
        if body is None:
            answer = _told(413, "body", "The request is too large, or came too slowly.")
            await self._refuse(answer, scope, receive, self._armoured(scope, send))
            return
        await self._app(scope, _replay(body, receive), self._armoured(scope, send))

    async def _refuse(self, refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.console_refused.labels(refusal.headers["x-refused"]).inc()
        await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() != self._host:
            return _told(421, "host", f"This is {self._origin}.")
        client = scope["client"][0] if scope.get("client") else "nobody"
        if not self._within_limits(scope, client):
            return _told(429, "rate", "Too many requests. Wait a moment, then try again.")
        if scope["method"] in _SAFE:
            return None
        if scope["method"] != "POST":
            return _told(405, "method", "Nothing here is asked for in this way.")
        if not self._is_ours(headers):
            return _told(403, "origin", "This did not come from a page of the console.")
        return None

    def _within_limits(self, scope: Scope, client: str) -> bool:
        if scope["path"].startswith("/login") and scope["path"] != "/login":
            return self._signing_in.allows(client)
        limit = self._reading if scope["method"] in _SAFE else self._writing
        return limit.allows(client)

    def _is_ours(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") == "same-origin"
        return origin == self._origin

    def _armoured(self, scope: Scope, send: Send) -> Send:
        async def armoured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                ours = scope["path"].startswith(_STATIC)
                headers["cache-control"] = "no-cache" if ours else "no-store"
                if self._secure:
                    headers["strict-transport-security"] = "max-age=63072000; includeSubDomains"
            await send(message)

        return armoured


def _told(status: int, why: str, words: str) -> Response:
    retry = {"retry-after": "10"} if status == 429 else {}
    return PlainTextResponse(words + "\n", status, headers={"x-refused": why, **retry})


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """Return the body, None for one that is too large."""
    if scope["method"] in _SAFE:
        return b""
    length = Headers(scope=scope).get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BODY:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return what hands the body on once, then says when the client left."""
    said: list[bool] = []

    async def replayed() -> Message:
        if not said:
            said.append(True)
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replayed
