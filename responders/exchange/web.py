"""The one address that other operators may reach: `POST /consents`, a word as its JSON."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from responders.exchange.inbox import Inbox, TooManyError
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.consents import MAX_CONSENT_BYTES
from schemas.errors import ConfigurationError, PoisonRecordError

_log = logger(__name__)

MOST_CONNECTIONS = 64
_STARTED_WITHIN = 10.0


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
            await run_in_threadpool(inbox.take, bytes(body))
        except TooManyError as error:
            return PlainTextResponse(f"{error}\n", 429)
        except PoisonRecordError as error:
            metrics.consents.labels("refused").inc()
            _log.warning("word_refused", reason=str(error))
            return PlainTextResponse(f"{error}\n", 400)
        return PlainTextResponse("heard\n", 202)

    return Starlette(routes=[Route("/consents", consents, methods=["POST"])])


@contextmanager
def served(application: Starlette, host: str, port: int) -> Iterator[None]:
    """Answer at this address until left.

    Raises `ConfigurationError` when it cannot be had.
    """
    options = uvicorn.Config(
        application,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who asks is who connected
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=5,
        lifespan="off",
    )
    server = uvicorn.Server(options)
    ended = threading.Event()

    def work() -> None:
        try:
            server.run()
        except SystemExit:  # how it says that the address is taken
            pass
        finally:
            ended.set()

    thread = threading.Thread(target=work, name="consents", daemon=True)
    thread.start()
    try:
        for _ in range(int(_STARTED_WITHIN / 0.05)):
            if server.started or ended.wait(0.05):
                break
        if not server.started:
            raise ConfigurationError(
                f"cannot hear other operators at {host}:{port}: give another consents.port"
            )
        yield
    finally:
        server.should_exit = True
        thread.join()
