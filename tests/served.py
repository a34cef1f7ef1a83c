"""A web application that really answers, on a port of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from starlette.types import ASGIApp

from runtime.web import Place, serving


@contextmanager
def served(app: ASGIApp) -> Iterator[httpx.Client]:
    """Give a client of it."""
    with (
        serving(app, Place("127.0.0.1", 0, "test")) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        yield client
