"""Servers on this machine that answer JSON-RPC as a test wants them to."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve

Line = dict[str, Any]
Reply = Callable[[Line, Callable[[bytes], None]], None]
"""What a server does with a request: it may send any bytes at any time."""


def result(question: Line, value: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": value}).encode()


def announcement(value: object) -> bytes:
    params = {"subscription": "0x1", "result": value}
    return json.dumps({"jsonrpc": "2.0", "method": "eth_subscription", "params": params}).encode()


def echo(question: Line, send: Callable[[bytes], None]) -> None:
    send(result(question, question["params"]))


@asynccontextmanager
async def ipc(path: Path, reply: Reply) -> Any:
    """Serve a node's socket; yields the writers of its connections."""
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while line := await reader.readline():
            reply(json.loads(line), lambda answer: writer.write(answer + b"\n"))

    server = await asyncio.start_unix_server(talk, path)
    try:
        yield writers
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()


@asynccontextmanager
async def websocket(reply: Reply) -> Any:
    """Serve WebSockets; yields the address."""

    async def talk(connection: ServerConnection) -> None:
        sending: list[asyncio.Task[None]] = []
        async for message in connection:
            reply(
                json.loads(message),
                lambda answer: sending.append(asyncio.create_task(connection.send(answer))),
            )

    async with serve(talk, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}"


@asynccontextmanager
async def http(
    answer: Callable[[Line], web.Response | Awaitable[web.Response]],
    peers: set[object] | None = None,
) -> Any:
    """Serve HTTP; yields the address. Who calls is added to `peers`."""

    async def talk(request: web.Request) -> web.Response:
        if peers is not None and request.transport is not None:
            peers.add(request.transport.get_extra_info("peername"))
        reply = answer(await request.json())
        return await reply if isinstance(reply, Awaitable) else reply

    app = web.Application()
    app.router.add_post("/{key:.*}", talk)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio's own has it
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await runner.cleanup()
