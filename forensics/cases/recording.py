"""Asks a node and keeps every byte, within bounds; and answers again from what was kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

import msgspec
import requests

from forensics.cases.asking import NotGivenError
from forensics.cases.catalogue import Entry, Outcome, question
from runtime.clock import Clock
from runtime.evm_verbatim import AnswerTooLargeError

_LONGEST_WORDS = 300


class Node(Protocol):
    """What `runtime.evm_verbatim.Verbatim` is."""

    name: str

    def exchange(self, request: bytes, most: int) -> bytes:
        """Return the bytes of the answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is collected at most."""

    answer_bytes: int = 64 * 2**20
    """Of one answer."""
    total_bytes: int = 2 * 2**30
    """Of all answers together."""
    questions: int = 50_000
    seconds: float = 1800.0


class Payload(Protocol):
    """Where bytes are kept, by a path of ours."""

    def keep(self, path: str, data: bytes) -> None:
        """Put bytes there."""
        ...

    def load(self, path: str) -> bytes:
        """Return them."""
        ...


class Recorder:
    """Answers from the first node that gives one; the same question is asked once."""

    def __init__(
        self,
        nodes: Sequence[Node],
        payload: Payload,
        clock: Clock,
        bounds: Bounds,
    ) -> None:
        self._nodes = nodes
        self._payload = payload
        self._clock = clock
        self._bounds = bounds
        self._deadline = clock.monotonic() + bounds.seconds
        self._bytes = 0
        self.entries: dict[str, Entry] = {}
        self._kept = Kept(self.entries, payload.load)

    def ask(self, method: str, *parameters: Any) -> Any:
        """Return the result of one question. Raises `NotGivenError`."""
        asked = question(method, parameters)
        if asked not in self.entries:
            self._ask(asked, method, list(parameters))
        return self._kept.ask(method, *parameters)

    def _ask(self, asked: str, method: str, parameters: list[Any]) -> None:
        number = len(self.entries) + 1
        reached = self._reached()
        if reached:
            self.entries[asked] = Entry(number, method, parameters, "not asked", reached)
            return
        request = msgspec.json.encode(
            {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
        )
        path = f"rpc/{number:06d}-{method}"
        at, since = self._clock.now_ns(), self._clock.monotonic()
        node, outcome, why, response = self._first_answer(request)
        took = round((self._clock.monotonic() - since) * 1e6)
        self._payload.keep(f"{path}.request.json", request)
        if response:
            self._payload.keep(f"{path}.response.json", response)
        self._bytes += len(response)
        self.entries[asked] = Entry(
            number,
            method,
            parameters,
            outcome,
            why,
            node,
            at,
            took,
            f"{path}.request.json",
            f"{path}.response.json" if response else "",
            sha256(request).hexdigest(),
            sha256(response).hexdigest() if response else "",
            len(response),
        )

    def _first_answer(self, request: bytes) -> tuple[str, Outcome, str, bytes]:
        """Return the name of the first node that answers, the outcome, why there is no result, and
        the bytes of the answer."""
        failures = []
        for node in self._nodes:
            outcome, why, response = self._exchange(node, request)
            if outcome == "given":
                outcome, why, _ = read_answer(response)
            if outcome != "unanswered":
                return node.name, outcome, why, response
            failures.append(why)
        return "", "unanswered", "; ".join(failures), b""

    def _exchange(self, node: Node, request: bytes) -> tuple[Outcome, str, bytes]:
        most = min(self._bounds.answer_bytes, self._bounds.total_bytes - self._bytes)
        try:
            return "given", "", node.exchange(request, most)
        except AnswerTooLargeError as error:
            return "too large", str(error), b""
        except (OSError, requests.RequestException) as error:
            return "unanswered", f"{node.name} does not answer: {type(error).__name__}", b""

    def _reached(self) -> str:
        """Say which bound of the collection has been reached, '' when none has."""
        bounds = self._bounds
        if self._bytes >= bounds.total_bytes:
            return f"{bounds.total_bytes:,} bytes of answers had been collected"
        if len(self.entries) >= bounds.questions:
            return f"{bounds.questions:,} questions had been asked"
        if self._clock.monotonic() > self._deadline:
            return f"the collection had taken {bounds.seconds:g} s"
        return ""


class Kept:
    """Answers from a collection, without any node."""

    def __init__(self, entries: Mapping[str, Entry], load: Callable[[str], bytes]) -> None:
        """`load` returns the bytes at a path below the payload."""
        self._entries = entries
        self._load = load

    def ask(self, method: str, *parameters: Any) -> Any:
        """Return the result of one question. Raises `NotGivenError`."""
        entry = self._entries.get(question(method, parameters))
        if entry is None:
            raise NotGivenError(f"{method} was not asked when the evidence was collected")
        if entry.outcome != "given":
            raise NotGivenError(entry.why)
        outcome, why, result = read_answer(self._load(entry.response))
        if outcome != "given":
            raise NotGivenError(why)
        return result


def read_answer(response: bytes) -> tuple[Outcome, str, Any]:
    """Read a node's answer: outcome, why there is no result, the result. Whole numbers of any size
    stay exact."""
    try:
        answer = msgspec.json.decode(response)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "refused", "the answer is not JSON", None
    if not isinstance(answer, dict) or ("error" not in answer and "result" not in answer):
        return "refused", "the answer is no JSON-RPC answer", None
    error = answer.get("error")
    if error is None:
        return "given", "", answer.get("result")
    told = error if isinstance(error, dict) else {"message": error}
    words = "".join(c for c in str(told.get("message"))[:_LONGEST_WORDS] if c.isprintable())
    return "refused", f"the node declined: {words} ({str(told.get('code'))[:20]})", None
