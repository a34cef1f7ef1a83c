"""Answers of a node as they travelled: to the byte, and within bounds."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from runtime.evm_verbatim import AnswerTooLargeError, Verbatim
from schemas.errors import ConfigurationError

ANSWER = b'{"jsonrpc" :"2.0","id":1,  "result":[{"a":1},{"b":[]}]}\n'


@contextmanager
def web(answer: bytes) -> Iterator[tuple[str, list[str]]]:
    """A node over HTTP; yields its address and what encodings were asked for."""
    encodings: list[str] = []

    class Node(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            encodings.append(self.headers["Accept-Encoding"])
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Node) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://user:word@127.0.0.1:{server.server_port}/key", encodings
        server.shutdown()
        thread.join()


@contextmanager
def pipe(path: Path, chunks: list[bytes]) -> Iterator[str]:
    """A node on a socket, which answers in pieces and then closes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen(1)

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                for chunk in chunks:
                    connection.sendall(chunk)

        thread = threading.Thread(target=answer)
        thread.start()
        yield str(path)
        thread.join()


def test_over_http_the_answer_is_what_was_sent_and_never_packed() -> None:
    with web(ANSWER) as (address, encodings):
        node = Verbatim(address, 5.0)
        assert node.exchange(b"{}", 1000) == ANSWER
        assert encodings == ["identity"]
        assert "word" not in node.name
        node.close()


def test_over_http_too_much_is_refused() -> None:
    with web(b"[" + b"0," * 10_000 + b"0]") as (address, _):
        node = Verbatim(address, 5.0)
        with pytest.raises(AnswerTooLargeError, match="larger than 100 bytes"):
            node.exchange(b"{}", 100)
        node.close()


@pytest.mark.parametrize("cut", [10, len(ANSWER) - 4, len(ANSWER) - 2])
def test_over_a_socket_a_bracket_within_is_not_the_end(tmp_path: Path, cut: int) -> None:
    with pipe(tmp_path / "s", [ANSWER[:cut], ANSWER[cut:]]) as path:
        assert Verbatim(path, 5.0).exchange(b"{}", 1000).rstrip() == ANSWER.rstrip()


def test_over_a_socket_half_an_answer_is_none(tmp_path: Path) -> None:
    with pipe(tmp_path / "s", [ANSWER[:-5]]) as path, pytest.raises(ConnectionError):
        Verbatim(path, 5.0).exchange(b"{}", 1000)


def test_over_a_socket_too_much_is_refused(tmp_path: Path) -> None:
    with pipe(tmp_path / "s", [ANSWER]) as path, pytest.raises(AnswerTooLargeError):
        Verbatim(path, 5.0).exchange(b"{}", 10)


def test_nobody_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Verbatim(str(tmp_path / "none"), 1.0).exchange(b"{}", 10)


def test_other_kinds_of_address_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="http"):
        Verbatim("wss://node.example", 1.0)
