"""The local node: a real chain that starts, answers, and leaves nothing behind."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import fetch
from sandbox.node import LocalNode, NodeOptions, RpcError
from schemas.errors import ConfigurationError, TransientError

pytestmark = pytest.mark.node


@pytest.fixture
def anvil(cache: Path) -> Path:
    return fetch.anvil(cache, lambda _line: None)


def test_it_is_chain_31337(node: LocalNode) -> None:
    assert int(node.rpc("eth_chainId"), 16) == 31337


def test_without_mining_a_block_comes_only_when_asked_for(node: LocalNode) -> None:
    sender, receiver, *_ = node.rpc("eth_accounts")
    node.rpc("eth_sendTransaction", {"from": sender, "to": receiver, "value": "0x1"})
    assert node.rpc("eth_blockNumber") == "0x0"
    node.rpc("evm_mine")
    assert node.rpc("eth_blockNumber") == "0x1"
    assert node.rpc("eth_getBlockTransactionCountByNumber", "latest") == "0x1"


def test_it_listens_on_a_socket_too(node: LocalNode) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(node.ipc))
        client.sendall(b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}')
        assert b"0x7a69" in client.recv(4096)


def test_a_refusal_says_what_was_refused(node: LocalNode) -> None:
    with pytest.raises(RpcError, match="eth_nonsense") as refusal:
        node.rpc("eth_nonsense")
    assert refusal.value.code == -32601


def test_a_killed_node_does_not_answer_and_can_start_again(node: LocalNode) -> None:
    address = node.http
    node.rpc("evm_mine")
    node.kill()
    with pytest.raises(TransientError, match="no answer"):
        node.rpc("eth_blockNumber")
    node.start()
    assert (node.http, node.rpc("eth_blockNumber")) == (address, "0x0")


@pytest.mark.parametrize("end", [LocalNode.stop, LocalNode.kill])
def test_old_states_are_kept_beside_it_and_go_with_it(
    node: LocalNode, end: Callable[[LocalNode], None]
) -> None:
    node.rpc("anvil_mine", hex(1_200))  # more than anvil keeps in memory
    states = node.ipc.parent / "states"
    assert any(file.is_file() for file in states.rglob("*"))
    end(node)
    assert not states.exists()


def test_stopping_it_leaves_no_process(node: LocalNode) -> None:
    pid = node.pid
    node.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_its_state_can_be_carried_over(anvil: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with LocalNode(tmp_path / "a", anvil, NodeOptions(dump_state=state)) as first:
        first.rpc("anvil_mine", "0x5")
    with LocalNode(tmp_path / "b", anvil, NodeOptions(load_state=state)) as second:
        assert second.rpc("eth_blockNumber") == "0x5"


def test_a_taken_port_is_said_to_be_taken(anvil: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        node = LocalNode(tmp_path, anvil, NodeOptions(port=port))
        with pytest.raises(ConfigurationError, match=f"needs port {port} .* it is taken"):
            node.start()


def test_a_path_too_long_for_a_socket_is_said_to_be_too_long(anvil: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="too long a path"):
        LocalNode(tmp_path / ("long" * 25), anvil)
