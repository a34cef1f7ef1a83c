"""The one address that other operators may reach: `POST /consents`, a word as its JSON."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from responders.exchange.inbox import Inbox, TooManyError
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.consents import MAX_CONSENT_BYTES
from schemas.errors import PoisonRecordError

_log = logger(__name__)


def application(inbox: Inbox, metrics: Metrics) -> Starlette:
    """Return the web application. It says 202 once a word is on the topic, 400 for what is none,
    413 for what is too large, 429 for too many of one operator; it tells nothing to anybody."""

    async def consents(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_CONSENT_BYTES:
                return PlainTextResponse("a word is smaller\n", 413)
        try:
            await asyncio.to_thread(inbox.take, bytes(body))
        except TooManyError as error:
            return PlainTextResponse(f"{error}\n", 429)
        except PoisonRecordError as error:
            metrics.consents.labels("refused").inc()
            _log.warning("word_refused", reason=str(error))
            return PlainTextResponse(f"{error}\n", 400)
        return PlainTextResponse("heard\n", 202)

    return Starlette(routes=[Route("/consents", consents, methods=["POST"])])
