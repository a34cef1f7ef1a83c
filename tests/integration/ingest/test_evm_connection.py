"""Connections to servers that answer well, badly, late or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from web3.types import RPCEndpoint

from ingest.evm.connection import Connection
from ingest.evm.errors import BusyError, NoAnswerError, RefusedError
from ingest.evm.transport import LARGEST_ANSWER, Http, UnreadAnswerError, decode
from tests.integration.ingest.servers import (
    Line,
    Reply,
    announcement,
    echo,
    http,
    ipc,
    result,
    websocket,
)


@asynccontextmanager
async def closing(connection: Connection) -> Any:
    try:
        yield connection
    finally:
        await connection.close()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(bounded())


def served(kind: str, folder: Path, reply: Reply) -> AbstractAsyncContextManager[Any]:
    return ipc(folder / "node.ipc", reply) if kind == "ipc" else websocket(reply)


def address(kind: str, folder: Path, yielded: Any) -> str:
    return str(folder / "node.ipc") if kind == "ipc" else str(yielded)


@pytest.mark.parametrize("kind", ["ipc", "ws"])
def test_answers_go_to_those_who_asked_in_whatever_order_they_come(
    kind: str, tmp_path: Path
) -> None:
    held: list[tuple[Line, Callable[[bytes], None]]] = []

    def backwards(question: Line, send: Callable[[bytes], None]) -> None:
        held.append((question, send))
        if len(held) == 3:
            for asked, reply in reversed(held):
                echo(asked, reply)

    async def test() -> None:
        async with (
            served(kind, tmp_path, backwards) as yielded,
            closing(Connection(address(kind, tmp_path, yielded), 5.0)) as connection,
        ):
            answers = await asyncio.gather(*(connection.request("echo", n) for n in range(3)))
            assert answers == [[0], [1], [2]]

    run(test)


@pytest.mark.parametrize("kind", ["ipc", "ws"])
def test_announcements_are_heard_the_moment_they_come(kind: str, tmp_path: Path) -> None:
    def chatty(question: Line, send: Callable[[bytes], None]) -> None:
        send(announcement("before"))
        echo(question, send)
        send(announcement("after"))

    async def test() -> None:
        heard: list[Any] = []
        async with served(kind, tmp_path, chatty) as yielded:
            made = Connection(address(kind, tmp_path, yielded), 5.0, heard.append)
            async with closing(made) as connection:
                await connection.request("eth_subscribe", "newHeads")
                await connection.request("eth_chainId")
                assert heard[:3] == ["before", "after", "before"]

    run(test)


@pytest.mark.parametrize("kind", ["ipc", "ws"])
def test_large_answers_arrive(kind: str, tmp_path: Path) -> None:
    assert LARGEST_ANSWER > 3_000_000

    async def test() -> None:
        large = "x" * 3_000_000
        async with (
            served(kind, tmp_path, lambda q, send: send(result(q, large))) as yielded,
            closing(Connection(address(kind, tmp_path, yielded), 10.0)) as connection,
        ):
            assert await connection.request("trace_block") == large

    run(test)


def test_a_half_open_connection_is_given_up_and_made_again(tmp_path: Path) -> None:
    connections = 0

    def first_is_deaf(question: Line, send: Callable[[bytes], None]) -> None:
        if connections > 1:
            echo(question, send)

    async def test() -> None:
        nonlocal connections
        async with (
            ipc(tmp_path / "node.ipc", first_is_deaf) as writers,
            closing(Connection(str(tmp_path / "node.ipc"), 0.2)) as connection,
        ):
            with pytest.raises(NoAnswerError, match=r"no answer to echo in 0\.2 s"):
                await connection.request("echo", 1)
            connections = len(writers) + 1
            assert await connection.request("echo", 2) == [2]
            assert len(writers) == 2

    run(test)


def test_a_slow_answer_does_not_cost_a_connection_on_which_others_arrive(tmp_path: Path) -> None:
    def selective(question: Line, send: Callable[[bytes], None]) -> None:
        if question["method"] != "slow":
            echo(question, send)

    async def test() -> None:
        async with (
            ipc(tmp_path / "node.ipc", selective) as writers,
            closing(Connection(str(tmp_path / "node.ipc"), 0.2)) as connection,
        ):
            slow = asyncio.create_task(connection.request("slow"))
            await asyncio.sleep(0)
            assert await connection.request("echo", 1) == [1]
            with pytest.raises(NoAnswerError):
                await slow
            assert await connection.request("echo", 2) == [2]
            assert len(writers) == 1

    run(test)


def test_a_connection_that_breaks_fails_who_waits_at_once_and_is_made_again(
    tmp_path: Path,
) -> None:
    async def test() -> None:
        async with (
            ipc(tmp_path / "node.ipc", lambda *_: None) as writers,
            closing(Connection(str(tmp_path / "node.ipc"), 15.0)) as connection,
        ):
            waiting = asyncio.create_task(connection.request("echo"))
            while not writers:  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.001)
            ended = asyncio.create_task(connection.ended(15.0))
            await asyncio.sleep(0)
            writers[0].close()
            with pytest.raises(NoAnswerError, match="ConnectionError"):
                await waiting
            assert await ended
        async with (
            ipc(tmp_path / "node.ipc", echo),
            closing(Connection(str(tmp_path / "node.ipc"), 5.0)) as connection,
        ):
            assert await connection.request("echo", 1) == [1]

    run(test)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"nonsense", NoAnswerError),
        (b"[1]", NoAnswerError),
        (b'{"id": 0, "jsonrpc": "2.0"}', NoAnswerError),
        (b'{"id": 0, "error": {"code": -32601, "message": "no such method"}}', RefusedError),
        (b'{"id": 0, "error": "broken"}', RefusedError),
        (b'{"id": 0, "error": {"code": -32005, "message": "slower"}}', BusyError),
    ],
)
def test_each_bad_answer_has_its_error(
    answer: bytes, error: type[Exception], tmp_path: Path
) -> None:
    async def test() -> None:
        async with (
            ipc(tmp_path / "node.ipc", lambda _, send: send(answer)),
            closing(Connection(str(tmp_path / "node.ipc"), 0.3)) as connection,
        ):
            with pytest.raises(error):
                await connection.request("echo")

    run(test)


def test_nobody_there_is_no_answer(tmp_path: Path) -> None:
    async def test() -> None:
        for place in (str(tmp_path / "none.ipc"), "ws://127.0.0.1:9", "http://127.0.0.1:9"):
            async with closing(Connection(place, 2.0)) as connection:
                with pytest.raises(NoAnswerError):
                    await connection.request("echo")

    run(test)


def test_http_errors_have_their_meaning_and_never_show_a_key() -> None:
    answers = {
        "busy": lambda: web.Response(status=429, headers={"Retry-After": "7"}),
        "broken": lambda: web.Response(status=503),
        "page": lambda: web.Response(text="<html>"),
        "good": lambda: web.json_response({"jsonrpc": "2.0", "id": 1, "result": "0x1"}),
    }

    async def test() -> None:
        async with http(lambda question: answers[question["method"]]()) as place:
            made = Connection(f"http://user:secret@{place}/v2/secret-key", 5.0)
            async with closing(made) as connection:
                assert await connection.request("good") == "0x1"
                with pytest.raises(BusyError) as busy:
                    await connection.request("busy")
                assert busy.value.after == 7.0
                with pytest.raises(NoAnswerError, match="503") as broken:
                    await connection.request("broken")
                with pytest.raises(NoAnswerError, match="JSONDecodeError") as page:
                    await connection.request("page")
                for error in (busy, broken, page):
                    assert "secret" not in str(error.value)
                    assert place in str(error.value)

    run(test)


def test_a_connection_is_kept_open_over_http() -> None:
    peers: set[object] = set()

    def answer(question: Line) -> web.Response:
        return web.json_response({"jsonrpc": "2.0", "id": question["id"], "result": None})

    async def test() -> None:
        async with (
            http(answer, peers) as place,
            closing(Connection(f"http://{place}", 5.0)) as connection,
        ):
            for _ in range(3):
                assert await connection.request("echo") is None

    run(test)
    assert len(peers) == 1


def test_an_http_answer_is_read_no_further_than_its_bound_however_well_it_was_packed() -> None:
    def answer(question: Line) -> web.Response:
        reply = web.json_response({"id": question["id"], "result": "0" * question["params"][0]})
        reply.enable_compression(web.ContentCoding.gzip)
        return reply

    async def test() -> None:
        async with http(answer) as place:
            node = Http(f"http://{place}", seconds=5.0, largest=10_000)
            await node.connect()
            try:
                assert await node.make_request(RPCEndpoint("zeros"), [9_000])
                with pytest.raises(UnreadAnswerError, match="10000 bytes"):
                    await node.make_request(RPCEndpoint("zeros"), [11_000])
            finally:
                await node.disconnect()

    run(test)


def test_a_request_that_comes_after_its_connection_was_closed_opens_none() -> None:
    async def test() -> None:
        node = Http("http://127.0.0.1:9", seconds=5.0)
        await node.connect()
        await node.disconnect()
        with pytest.raises(ConnectionError, match="closed"):
            await node.make_request(RPCEndpoint("echo"), [])

    run(test)


def test_a_call_tree_of_the_deepest_possible_kind_can_be_read() -> None:
    levels = 1024
    text = '{"calls":[' * levels + "]}" * levels
    found = decode(text.encode())
    depth = 0
    while found:
        found, depth = found["calls"][0] if found["calls"] else None, depth + 1
    assert depth == levels


def test_what_is_no_json_is_refused_at_any_depth() -> None:
    for text in (b"", b"{", b"nonsense", b"[" * 100_000):
        with pytest.raises((ValueError, RecursionError)):
            decode(text)
