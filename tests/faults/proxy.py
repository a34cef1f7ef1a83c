"""Stands between a service and a node, and breaks what the node says on demand."""

import asyncio
import threading
from types import TracebackType
from typing import Any, Literal, Self

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from sandbox.node import LocalNode

Fault = Literal["", "omits logs", "lags", "429", "503", "hangs", "cuts off", "garbage"]

LAG = 6
"""Blocks behind the head that a lagging node is."""


class Proxy:
    """A node's HTTP address that fails as `fault` says; a context manager."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node
        self.fault: Fault = ""
        self.address = ""
        self.asked = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._stop = asyncio.Event()

    async def _run(self) -> None:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        async with ClientSession(timeout=ClientTimeout(30)) as self._session:
            self._ready.set()
            await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        question = orjson.loads(await request.read())
        match self.fault:
            case "429":
                return web.Response(status=429)
            case "503":
                return web.Response(status=503)
            case "hangs":  # half open: it takes the question and says nothing
                await self._stop.wait()
            case "cuts off":
                if request.transport is not None:
                    request.transport.abort()
            case "garbage":
                return web.Response(body=b'{"jsonrpc": "2.0", "id": 1, "result": {"number": "0x')
        try:
            async with self._session.post(self._node.http, json=question) as reply:
                found = orjson.loads(await reply.read())
        except ClientError:
            return web.Response(status=502)
        if "result" in found:
            found["result"] = await self._bend(question, found["result"])
        return web.Response(body=orjson.dumps(found), content_type="application/json")

    async def _bend(self, question: Any, result: Any) -> Any:
        method = question["method"]
        if self.fault == "omits logs" and method == "eth_getBlockReceipts":
            for receipt in result or ():
                receipt["logs"] = receipt["logs"][1:]
        if self.fault == "lags":
            head = int(await self._ask("eth_blockNumber"), 16) - LAG
            if question["params"][:1] == ["latest"]:
                return await self._ask("eth_getBlockByNumber", hex(max(0, head)), False)  # noqa: FBT003 - its own
            number = result.get("number") if isinstance(result, dict) else None
            if number is not None and int(number, 16) > head:
                return None
        return result

    async def _ask(self, method: str, *params: Any) -> Any:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with self._session.post(self._node.http, json=question) as reply:
            return orjson.loads(await reply.read())["result"]

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()
