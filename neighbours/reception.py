"""Neighbours' signals over HTTP: `POST /signals` takes a signed record, `POST /stix` a bundle.

Whoever can connect may try, since a signature is what lets anyone in. So everything has a bound: a
body's size and the time it takes, a connection's life, connections at a time.

Answers: 202 it is kept; 409 it came before (as good); 400 not a signal, 403 not signed by anyone
who is listened to, 410 expired, 413 too large, 408 too slow, 429 too many, 503 cannot be kept now.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from neighbours import stix
from neighbours.desk import Check, Take
from runtime.admission import Refusal, RefusedSignalError, read
from runtime.logs import logger
from runtime.settings_signals import SignalsSettings
from runtime.web import Bounds, Place, serving
from schemas.errors import PipelineError, PoisonRecordError
from schemas.signals import MAX_SIGNAL_BYTES, Signal

_log = logger(__name__)

Offer = Callable[[], Signal]
"""One signal of a body; raises `RefusedSignalError` for one that is not to be taken."""

BODY_SECONDS = 5.0
CONNECTION_SECONDS = 15.0
"""A connection's whole life: whoever has more to say connects again."""

MOST_CONNECTIONS = 128

_STATUS: dict[Refusal, int] = {
    "size": 413,
    "form": 400,
    "issuer": 403,
    "expiry": 410,
    "sequence": 409,
    "signature": 403,
    "rate": 429,
}


def application(take: Take, check: Check) -> Starlette:
    """Return what answers. `take` checks and keeps a signal (`Desk.take`), `check` says beforehand
    whether it would be taken (`Desk.check`)."""

    async def signals(request: Request) -> Response:
        return await _answer(request, MAX_SIGNAL_BYTES, _one, take)

    async def bundles(request: Request) -> Response:
        return await _answer(request, stix.MAX_BUNDLE_BYTES, partial(_bundled, check), take)

    return Starlette(
        routes=[
            Route("/signals", signals, methods=["POST"]),
            Route("/stix", bundles, methods=["POST"]),
        ]
    )


@contextmanager
def listening(settings: SignalsSettings, take: Take, check: Check) -> Iterator[int]:
    """Answer in a thread until this is left; give the port.

    Raises `ConfigurationError` when the address cannot be had.
    """
    place = Place(
        settings.web_host,
        settings.web_port or 0,
        "signals.web_port",
        settings.tls_certificate,
        settings.tls_key,
    )
    bounds = Bounds(MOST_CONNECTIONS, ending_seconds=2, life_seconds=CONNECTION_SECONDS)
    with serving(application(take, check), place, bounds) as port:
        yield port


async def _answer(
    request: Request, most: int, told: Callable[[bytes], list[Offer]], take: Take
) -> Response:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _body(request, most)
    except TimeoutError:
        return _said(408, f"the body took longer than {BODY_SECONDS:.0f} s")
    except ClientDisconnect:
        return _said(400, "it hung up")
    if body is None:
        return _said(413, f"a body has {most:,} bytes at most")
    return await asyncio.to_thread(_taken, body, told, take)


def _taken(body: bytes, told: Callable[[bytes], list[Offer]], take: Take) -> Response:
    """Take what there is; of several, one that is refused keeps no other out."""
    kept, refused = 0, list[RefusedSignalError]()
    try:
        for offer in told(body):
            try:
                take(offer(), "https")
                kept += 1
            except RefusedSignalError as error:
                refused.append(error)
    except RefusedSignalError as error:
        refused.append(error)
    except PoisonRecordError as error:
        return _said(400, str(error))
    except PipelineError as error:
        _log.error("signal_not_kept", error=str(error))
        return _said(503, "it cannot be kept now; try again")
    if refused and not kept:
        return _said(_STATUS[refused[0].why], str(refused[0]))
    return _said(202, f"{kept} kept")


def _one(body: bytes) -> list[Offer]:
    found = read(body)
    if not isinstance(found, Signal):
        raise RefusedSignalError("form", "a verdict is for people here to give")
    return [lambda: found]


def _bundled(check: Check, body: bytes) -> list[Offer]:
    return [partial(_proved, check, one) for one in stix.statements(body)]


def _proved(check: Check, told: stix.Told) -> Signal:
    """Return a signal that would be taken. Who said it is looked at before any pattern, which takes
    longest of all."""
    check(told.signal)
    try:
        return told.validated()
    except PoisonRecordError as error:
        raise RefusedSignalError("form", str(error)) from error


async def _body(request: Request, most: int) -> bytes | None:
    """Return the body; None as soon as it is too large."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > most:
            return None
    return bytes(found)


def _said(status: int, reason: str) -> Response:
    return JSONResponse({"result": reason[:500]}, status, headers={"connection": "close"})
