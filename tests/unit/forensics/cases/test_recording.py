"""What is asked of nodes is kept, bounded, and answered again the same."""

import json
from collections.abc import Callable

import pytest

from forensics.cases import catalogue
from forensics.cases.asking import NotGivenError
from forensics.cases.recording import Bounds, Kept, Recorder
from runtime.evm_verbatim import AnswerTooLargeError


class Payload:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def keep(self, path: str, data: bytes) -> None:
        self.files[path] = data

    def load(self, path: str) -> bytes:
        return self.files[path]


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now_ns(self) -> int:
        return 1_764_000_000 * 10**9 + int(self.seconds * 1e9)

    def monotonic(self) -> float:
        return self.seconds


class Node:
    def __init__(self, answer: Callable[[bytes], bytes], name: str = "node") -> None:
        self.name = name
        self.asked: list[bytes] = []
        self._answer = answer

    def exchange(self, request: bytes, most: int) -> bytes:
        self.asked.append(request)
        answer = self._answer(request)
        if len(answer) > most:
            raise AnswerTooLargeError(f"{self.name}: the answer is larger than {most:,} bytes")
        return answer


def result(value: object) -> Callable[[bytes], bytes]:
    return lambda _: json.dumps({"jsonrpc": "2.0", "id": 1, "result": value}).encode()


def silent(_: bytes) -> bytes:
    raise ConnectionError


def recorder(*nodes: Node, bounds: Bounds | None = None) -> tuple[Recorder, Payload, Clock]:
    payload, clock = Payload(), Clock()
    return Recorder(nodes, payload, clock, bounds or Bounds()), payload, clock


def test_the_answer_is_kept_to_the_byte_and_asked_for_once() -> None:
    raw = b'{"id":1 ,"jsonrpc":"2.0",  "result": 115792089237316195423570985008687907853}\n'
    node = Node(lambda _: raw)
    asking, payload, _ = recorder(node)
    assert asking.ask("eth_x", 1) == asking.ask("eth_x", 1) == int(raw.split(b" ")[-1][:-2])
    assert len(node.asked) == 1
    (entry,) = asking.entries.values()
    assert payload.files[entry.response] == raw
    assert payload.files[entry.request] == node.asked[0]


def test_the_next_node_is_asked_when_one_is_silent() -> None:
    asking, _, _ = recorder(Node(silent, "first"), Node(result(7), "second"))
    assert asking.ask("eth_x") == 7
    assert next(iter(asking.entries.values())).node == "second"


def test_what_a_node_declines_is_kept_and_told() -> None:
    error = {"code": -32601, "message": "the method does\u202e not exist"}
    asking, payload, _ = recorder(Node(lambda _: json.dumps({"id": 1, "error": error}).encode()))
    with pytest.raises(NotGivenError, match=r"declined: the method does not exist \(-32601\)"):
        asking.ask("debug_x")
    (entry,) = asking.entries.values()
    assert entry.outcome == "refused"
    assert payload.files[entry.response]


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"id":1}', b"\xff\xfe", b"[" * 5000])
def test_rubbish_is_no_answer(answer: bytes) -> None:
    asking, _, _ = recorder(Node(lambda _: answer))
    with pytest.raises(NotGivenError):
        asking.ask("eth_x")


def test_each_bound_is_told_and_nothing_more_is_asked() -> None:
    node = Node(result("x" * 100))
    asking, _, _ = recorder(node, bounds=Bounds(answer_bytes=50))
    with pytest.raises(NotGivenError, match="larger than 50 bytes"):
        asking.ask("eth_x")

    asking, _, _ = recorder(node, bounds=Bounds(questions=1))
    asking.ask("eth_x")
    with pytest.raises(NotGivenError, match="1 questions had been asked"):
        asking.ask("eth_y")

    asking, _, clock = recorder(node, bounds=Bounds(seconds=10))
    clock.seconds = 11.0
    with pytest.raises(NotGivenError, match="had taken 10 s"):
        asking.ask("eth_x")

    asking, _, _ = recorder(node, bounds=Bounds(total_bytes=200))
    asking.ask("eth_x")
    with pytest.raises(NotGivenError, match="larger than"):
        asking.ask("eth_y")
    assert len(asking.entries) == 2, "what was not given is noted as well"


def test_the_same_is_answered_again_without_a_node() -> None:
    asking, payload, _ = recorder(Node(silent))
    with pytest.raises(NotGivenError) as first:
        asking.ask("eth_x", {"b": 1, "a": 2})
    kept = Kept(catalogue.read(catalogue.write(asking.entries.values())), payload.load)
    with pytest.raises(NotGivenError) as again:
        kept.ask("eth_x", {"a": 2, "b": 1})
    assert str(first.value) == str(again.value)
    with pytest.raises(NotGivenError, match="was not asked when"):
        kept.ask("eth_other")
