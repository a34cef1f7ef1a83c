"""A private relay in front of a node: it takes brakes, and mines them or keeps them to itself."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from sandbox.node import LocalNode


class RelayServer:
    """Answers JSON-RPC on a port of its own until it is closed."""

    def __init__(self, node: LocalNode, *, delivers: bool = True, refuses: bool = False) -> None:
        self.heard: list[tuple[str, Any]] = []
        heard = self.heard

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                given = asked["params"][0]
                heard.append((asked["method"], given))
                answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
                if refuses:
                    answer["error"] = {"code": -32000, "message": "not a builder"}
                else:
                    raw = given["tx"] if isinstance(given, dict) else given
                    if delivers:
                        node.rpc("eth_sendRawTransaction", raw)
                    answer["result"] = "0x" + "00" * 32
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class'
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
