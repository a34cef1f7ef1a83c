"""The web application: pages, what stands before them, and what is said when one cannot be had."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from console.acknowledging import Acknowledging
from console.admin import Admin
from console.around import Around
from console.deciding import Deciding
from console.defences import Defences
from console.desk import FRAGMENT, Desk
from console.drafts import Drafts
from console.handing_out import HandingOut
from console.pages import Pages
from console.proving import Proving
from console.signing_in import SigningIn

_STATIC = Path(__file__).parent / "static"

Work = Callable[[], AbstractAsyncContextManager[None]]


def build(desk: Desk, work: Work | None = None) -> ASGIApp:
    """Return the application; `work` goes on beside it as long as it runs."""

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        if work is None:
            yield
        else:
            async with work():
                yield
        await desk.proofs.close()

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for these alone
        return _refused(desk, request, error.status_code, error.detail)

    async def failed(request: Request, _error: Exception) -> Response:
        # Starlette raises it again, so that it is logged; nobody outside is told of it.
        return _refused(desk, request, 500, "Something went wrong here. It was logged.")

    handlers: dict[Any, Any] = {HTTPException: refused, Exception: failed}
    pages = Starlette(
        routes=[
            *SigningIn(desk).routes(),
            *Pages(desk).routes(),
            *Around(desk).routes(),
            *Proving(desk).routes(),
            *Admin(desk).routes(),
            *Deciding(desk).routes(),
            *Drafts(desk).routes(),
            *Acknowledging(desk).routes(),
            *HandingOut(desk).routes(),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        exception_handlers=handlers,
        lifespan=life,
    )
    # Outside of everything, so that the answer to an error of ours carries the headers as well.
    return Defences(pages, desk.url, desk.clock, desk.metrics)


def _refused(desk: Desk, request: Request, status: int, why: str) -> Response:
    """Say why a page cannot be had; a visitor is sent to the sign-in page."""
    by_person = FRAGMENT not in request.headers and request.url.path != "/events"
    if status == 401 and request.method == "GET" and by_person:
        return RedirectResponse("/login", 303)
    session = desk.session(request, busy=False)
    request.scope["headers"] = [
        (name, value) for name, value in request.scope["headers"] if name != FRAGMENT.encode()
    ]
    return desk.page(Request(request.scope), "refused", session, status=status, why=why)
