"""A web application beside a service's work."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from runtime.web import Bounds, Place, bound, serving
from schemas.errors import ConfigurationError
from tests.waiting import until

HERE = Place("127.0.0.1", 0, "some.port")


async def who(request: Request) -> PlainTextResponse:
    """Say who asks."""
    assert request.client is not None
    return PlainTextResponse(f"{request.client.host} {request.url.scheme}")


APP = Starlette(routes=[Route("/", who)])


def test_it_answers_who_connected_and_says_nothing_of_itself() -> None:
    with serving(APP, HERE) as port:
        forwarded = {"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https"}
        answer = httpx.get(f"http://127.0.0.1:{port}/", headers=forwarded)
    assert answer.text == "127.0.0.1 http"
    assert "server" not in answer.headers
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")


def test_an_address_that_is_taken_says_which_setting_to_change() -> None:
    with serving(APP, HERE) as port:
        taken = Place("127.0.0.1", port, "some.port")
        with pytest.raises(ConfigurationError, match=r"some\.port.*choose another"), bound(taken):
            pass
        with pytest.raises(ConfigurationError, match=r"some\.port"), serving(APP, taken):
            pass


def test_no_certificate_says_so_before_an_address_is_taken(tmp_path: Path) -> None:
    (none := tmp_path / "none.pem").write_text("none")
    place = Place("127.0.0.1", 0, "some.port", none, none)
    with pytest.raises(ConfigurationError, match="certificate"), serving(APP, place):
        pass


def test_more_at_a_time_are_told_to_come_again() -> None:
    go, waiting = threading.Event(), list[int]()

    async def slow(_request: Request) -> PlainTextResponse:
        waiting.append(1)
        await run_in_threadpool(go.wait, 30)
        return PlainTextResponse("done")

    app, told = Starlette(routes=[Route("/", slow)]), list[int]()
    with serving(app, HERE, Bounds(connections=2)) as port:

        def ask() -> None:
            told.append(httpx.get(f"http://127.0.0.1:{port}/", timeout=30).status_code)

        first = threading.Thread(target=ask)
        first.start()
        until(lambda: waiting)
        ask()
        go.set()
        first.join()
    assert told == [503, 200]


def test_a_connection_has_a_life_of_its_own() -> None:
    with (
        serving(APP, HERE, Bounds(life_seconds=0.3)) as port,
        socket.create_connection(("127.0.0.1", port), 5) as silent,
    ):
        silent.sendall(b"GET / HTTP/1.1\r\nHo")
        with suppress(ConnectionResetError):
            assert silent.recv(4096) == b""
