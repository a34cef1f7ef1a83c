"""A node that lies about the form of its answers: the next one is asked, and nothing falls over."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from responders.chain import Call, Logged, NodeChain
from runtime import evm
from runtime.evm import Endpoints
from schemas.errors import TransientError

TX = "0x" + "ab" * 32
HEAD = {"number": "0x65", "hash": TX, "timestamp": "0x5", "baseFeePerGas": "0x7"}
LOG = {"address": "0x" + "cd" * 20, "topics": [TX]}
RECEIPT = {"blockHash": TX, "blockNumber": "0x65", "status": "0x1", "logs": [LOG]}
SOUND: dict[str, Any] = {
    "eth_chainId": "0x1",
    "eth_getBlockByNumber": HEAD,
    "eth_maxPriorityFeePerGas": "0x1",
    "eth_getTransactionCount": "0x3",
    "eth_getBalance": "0x9",
    "eth_call": "0x",
    "eth_getTransactionReceipt": RECEIPT,
}
QUESTIONS: dict[str, Callable[[NodeChain], Any]] = {
    "eth_getBlockByNumber": lambda chain: chain.head(),
    "eth_maxPriorityFeePerGas": lambda chain: chain.tip(),
    "eth_getTransactionCount": lambda chain: chain.nonce("0x" + "00" * 20),
    "eth_getBalance": lambda chain: chain.balance("0x" + "00" * 20),
    "eth_call": lambda chain: chain.call(Call("0x" + "00" * 20, "0x"), sender=None),
    "eth_getTransactionReceipt": lambda chain: chain.receipt(TX),
}
NONSENSE: list[Any] = [
    [],
    {},
    {"result": []},
    {"result": {}},
    {"result": True},
    {"result": 5},
    {"result": "0x"},
    {"result": "0x" + "f" * 65},
    {"result": "-0x5"},
    {"result": " 0x5"},
    {"result": "0x\uff15"},
    {"result": HEAD | {"hash": "0x12"}},
    {"result": HEAD | {"number": hex(2**64)}},
    {"result": HEAD | {"number": None}},
    {"result": RECEIPT | {"status": None}},
    {"result": RECEIPT | {"blockHash": 5}},
    {"error": []},
    {"error": {"code": "five", "message": {}}},
]


class Scripted:
    """A provider that answers what it is told to."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    def make_request(self, method: str, _parameters: list[Any]) -> Any:
        return self._answers[method]

    def close(self) -> None: ...


def _chain(monkeypatch: pytest.MonkeyPatch, *nodes: dict[str, Any]) -> NodeChain:
    waiting = iter([Scripted(answers) for answers in nodes])
    monkeypatch.setattr(evm, "provider", lambda _address, _timeout: next(waiting))
    return NodeChain(Endpoints([f"node-{number}" for number in range(len(nodes))]))


@pytest.mark.parametrize("method", QUESTIONS)
@pytest.mark.parametrize("nonsense", NONSENSE, ids=json.dumps)
def test_nonsense_never_escapes_and_the_next_node_takes_over(
    monkeypatch: pytest.MonkeyPatch, method: str, nonsense: Any
) -> None:
    sound = {name: {"result": answer} for name, answer in SOUND.items()}
    expected = QUESTIONS[method](_chain(monkeypatch, sound))
    broken = sound | {method: nonsense}

    try:
        alone = QUESTIONS[method](_chain(monkeypatch, broken))
    except TransientError:
        both = _chain(monkeypatch, broken, sound)
        assert QUESTIONS[method](both) in (expected, None)
    else:
        assert alone is None or type(alone) is type(expected), "it happens to be an answer"


def test_bytes_that_are_no_text_are_one_more_failed_node(monkeypatch: pytest.MonkeyPatch) -> None:
    class Binary(Scripted):
        def make_request(self, method: str, _parameters: list[Any]) -> Any:
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    monkeypatch.setattr(evm, "provider", lambda _address, _timeout: Binary({}))
    with pytest.raises(TransientError, match="no node answers"):
        NodeChain(Endpoints(["one", "two"])).head()


@pytest.mark.parametrize(
    "logs",
    [
        None,
        5,
        [5],
        [{}],
        [LOG | {"address": "0x12"}],
        [LOG | {"address": None}],
        [LOG | {"topics": None}],
        [LOG | {"topics": ["0x12"]}],
        [LOG | {"topics": [5]}],
    ],
    ids=json.dumps,
)
def test_events_that_are_none_are_a_failed_node(monkeypatch: pytest.MonkeyPatch, logs: Any) -> None:
    sound = {name: {"result": answer} for name, answer in SOUND.items()}
    answer = {"result": RECEIPT | {"logs": logs}}
    with pytest.raises(TransientError):
        _chain(monkeypatch, sound | {"eth_getTransactionReceipt": answer}).logged(TX)


def test_events_are_read_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    told = RECEIPT | {"logs": [LOG, LOG | {"address": "0x" + "CD" * 20, "topics": []}]}
    sound = {name: {"result": answer} for name, answer in SOUND.items()}
    chain = _chain(monkeypatch, sound | {"eth_getTransactionReceipt": {"result": told}})
    assert chain.logged(TX) == (Logged("0x" + "cd" * 20, (TX,)), Logged("0x" + "cd" * 20, ()))
    absent = _chain(monkeypatch, sound | {"eth_getTransactionReceipt": {"result": None}})
    assert absent.logged(TX) == ()
