"""Connections to nodes: IPC without waiting, failover, and who is asked at all."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from runtime.evm import Endpoints, NodeRefusalError, connect
from schemas.errors import ConfigurationError, TransientError

CHAIN_ID = '{"jsonrpc":"2.0","id":0,"result":"0x1"}'
Reply = Callable[[dict[str, object]], bytes | None]
"""What to answer to a request; None closes the connection."""


def chain(number: int) -> Reply:
    def reply(request: dict[str, object]) -> bytes:
        result = hex(number) if request["method"] == "eth_chainId" else request["params"]
        return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()

    return reply


@contextmanager
def node(path: Path, reply: Reply) -> Iterator[str]:
    """Answer on a Unix socket, one request a line."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    connections: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):  # the test is over
            while True:
                connection, _ = server.accept()
                connections.append(connection)
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            for line in lines:
                answer = reply(json.loads(line))
                if answer is None:
                    break
                connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield str(path)
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for connection in connections:
            with suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)
        path.unlink()


Connect = Callable[..., Endpoints]


@pytest.fixture
def ask() -> Iterator[Connect]:
    """Makes endpoints that are closed after the test."""
    made: list[Endpoints] = []

    def connected(*addresses: str, **options: Any) -> Endpoints:
        made.append(Endpoints(addresses, **options))
        return made[-1]

    yield connected
    for endpoints in made:
        endpoints.close()


def test_requests_over_a_socket_are_answered(tmp_path: Path, ask: Connect) -> None:
    with node(tmp_path / "a.ipc", chain(1)) as path:
        endpoints = ask(path)
        assert endpoints.chain == "eip155:1"
        assert endpoints.ask("echo", "a", 2) == ["a", 2]


def test_a_long_answer_in_many_pieces_is_read_whole(tmp_path: Path, ask: Connect) -> None:
    long = ["}" * 1000 + "]" * 1000] * 1000
    with node(tmp_path / "a.ipc", chain(1)) as path:
        assert ask(path).ask("echo", long) == [long]


def test_a_node_that_hangs_up_is_noticed_at_once(tmp_path: Path, ask: Connect) -> None:
    with (
        node(tmp_path / "a.ipc", lambda _: None) as path,
        pytest.raises(TransientError, match="ConnectionError"),
    ):
        ask(path, timeout=60.0).ask("eth_blockNumber")


def test_a_node_that_says_nothing_is_given_up_after_the_timeout(
    tmp_path: Path, ask: Connect
) -> None:
    with (
        node(tmp_path / "a.ipc", lambda _: b"") as path,
        pytest.raises(TransientError, match="TimeoutError"),
    ):
        ask(path, timeout=0.05).ask("eth_blockNumber")


def test_a_node_that_was_restarted_is_reached_again(tmp_path: Path, ask: Connect) -> None:
    with node(tmp_path / "a.ipc", chain(1)) as path:
        endpoints = ask(path)
        assert endpoints.ask("echo") == []
    with pytest.raises(TransientError, match=r"FileNotFoundError|ConnectionError"):
        endpoints.ask("echo")
    with node(tmp_path / "a.ipc", chain(1)):
        assert endpoints.ask("echo") == []


def test_the_next_node_takes_over_and_stays(tmp_path: Path, ask: Connect) -> None:
    faults: list[str] = []
    with node(tmp_path / "b.ipc", chain(1)) as good:
        endpoints = ask(str(tmp_path / "none.ipc"), good, fault=faults.append)
        assert endpoints.ask("echo", 1) == [1]
        assert endpoints.ask("echo", 2) == [2]
    assert faults == [str(tmp_path / "none.ipc")]


def test_a_node_of_another_chain_is_never_used(tmp_path: Path, ask: Connect) -> None:
    with (
        node(tmp_path / "a.ipc", chain(5)) as wrong,
        pytest.raises(ConfigurationError, match="is a node of eip155:5, not of eip155:1"),
    ):
        ask(wrong, chain="eip155:1").ask("echo")


def test_a_second_node_of_another_chain_is_found_when_it_would_take_over(
    tmp_path: Path, ask: Connect
) -> None:
    with node(tmp_path / "b.ipc", chain(5)) as wrong:
        with node(tmp_path / "a.ipc", chain(1)) as right:
            endpoints = ask(right, wrong)
            endpoints.ask("echo")
        with pytest.raises(ConfigurationError, match="not of eip155:1"):
            endpoints.ask("echo")


def test_a_refusal_is_not_a_failure(tmp_path: Path, ask: Connect) -> None:
    def reply(request: dict[str, object]) -> bytes:
        if request["method"] == "eth_chainId":
            return CHAIN_ID.encode()
        error = {"code": 3, "message": "execution reverted", "data": "0x12"}
        return json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}).encode()

    with (
        node(tmp_path / "a.ipc", reply) as path,
        pytest.raises(NodeRefusalError, match="execution reverted") as caught,
    ):
        ask(path).ask("eth_call")
    assert (caught.value.code, caught.value.data) == (3, "0x12")


def test_a_late_answer_is_never_taken_for_the_next_one(tmp_path: Path, ask: Connect) -> None:
    released = threading.Event()

    def reply(request: dict[str, object]) -> bytes:
        if request["method"] == "slow":
            released.wait(10)
        return chain(1)(request) or b""

    with node(tmp_path / "a.ipc", reply) as path:
        endpoints = ask(path, timeout=0.2)
        endpoints.ask("echo")
        with pytest.raises(TransientError):
            endpoints.ask("slow", "late")
        released.set()
        assert endpoints.ask("echo", "mine") == ["mine"]


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_websocket_is_refused_with_what_to_give_instead(scheme: str) -> None:
    with pytest.raises(ConfigurationError, match=r"http:// address, or the path") as caught:
        connect(f"{scheme}://user:secret@node.example/v3/secret", 1.0)
    assert "secret" not in str(caught.value)


def test_anything_else_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="IPC socket or an http"):
        connect("ftp://node.example", 1.0)
    with pytest.raises(ConfigurationError, match="at least one endpoint"):
        Endpoints([])


def test_an_http_node_that_is_not_there_is_named_without_its_key(ask: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(TransientError) as caught:
            ask(f"http://127.0.0.1:{port}/v3/secret", timeout=1.0).ask("eth_chainId")
    assert f"http://127.0.0.1:{port}" in str(caught.value)
    assert "secret" not in str(caught.value)
