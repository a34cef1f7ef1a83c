"""What a Safe's transaction service may answer, and what is made of it."""

from typing import Any

import httpx
import orjson
import pytest

from responders import safe_service
from responders.safe_service import MOST_QUEUED, WAITS, Queued, SafeService, nonces
from runtime.safe_transactions import SafeTransaction
from schemas.errors import ConfigurationError, TransientError
from tests.unit.responders.fakes import SIGNER

SAFE, POOL = "0x" + "5a" * 20, "0x" + "aa" * 20
MADE = SafeTransaction(1, SAFE, POOL, "0x8456cb59", 7)
DIGEST = "0x" + MADE.digest.hex()


def row(**changes: Any) -> dict[str, Any]:
    return {
        "nonce": "7",
        "safeTxHash": DIGEST,
        "to": POOL,
        "value": "0",
        "data": "0x8456cb59",
        "operation": 0,
        "confirmations": [],
        "confirmationsRequired": 2,
    } | changes


class Script:
    """A service that answers what it is told, and what was asked of it."""

    def __init__(
        self, *answers: httpx.Response | Exception, seconds: float = safe_service.SECONDS
    ) -> None:
        self.answers, self.asked, self.waited = list(answers), list[httpx.Request](), list[float]()
        transport = httpx.MockTransport(self._answer)
        self.service = SafeService(
            "https://safe.example/",
            httpx.Client(transport=transport),
            self.waited.append,
            seconds=seconds,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def good(content: Any) -> httpx.Response:
    return httpx.Response(200, content=orjson.dumps(content))


def test_what_waits_is_read_with_what_it_lacks() -> None:
    signed = [{"owner": POOL, "signature": "0x"}, {"owner": SAFE, "signature": "0x"}]
    script = Script(good({"results": [row(), row(nonce=8, confirmations=signed)]}))
    assert script.service.queued(SAFE, 7) == (
        Queued(7, DIGEST, ready=False),
        Queued(8, DIGEST, ready=True),
    )
    asked = script.asked[0].url
    assert "/0x5a5A5a5a5A5a5a5a5a5A5a5A5A5a5a5A5A5A5A5A/" in asked.path, "with its checksum"
    assert dict(asked.params)["nonce__gte"] == "7"


def test_a_proposal_is_posted_and_read_back() -> None:
    script = Script(httpx.Response(201), good(row()))
    assert script.service.propose(MADE, SIGNER) == DIGEST
    body = orjson.loads(script.asked[0].content)
    assert body["contractTransactionHash"] == DIGEST
    assert (body["sender"].lower(), len(body["signature"])) == (SIGNER.address, 132)


@pytest.mark.parametrize(
    "bent",
    [
        {"to": SAFE},
        {"data": None},
        {"data": "0x3f4ba83a"},
        {"nonce": "8"},
        {"operation": 1},
        {"value": "1"},
    ],
)
def test_what_the_service_bends_is_no_proposal(bent: dict[str, Any]) -> None:
    script = Script(httpx.Response(201), good(row(**bent)))
    with pytest.raises(ConfigurationError, match="something else"):
        script.service.propose(MADE, SIGNER)


@pytest.mark.parametrize(
    "passing",
    [httpx.Response(503), httpx.Response(429), httpx.ReadTimeout("slow"), httpx.ConnectError("no")],
)
def test_what_may_pass_is_asked_again_and_then_given_up(passing: Any) -> None:
    script = Script(passing, good({"results": []}))
    assert script.service.queued(SAFE, 0) == ()
    assert script.waited == [WAITS[0]]
    always = Script(*[passing] * (len(WAITS) + 1))
    with pytest.raises(TransientError):
        always.service.queued(SAFE, 0)
    assert always.waited == list(WAITS)


def test_a_refusal_is_told_once_and_without_what_would_move_a_terminal() -> None:
    script = Script(httpx.Response(422, content=b"Sender\x1b[2J is not an owner" + b"!" * 999))
    with pytest.raises(ConfigurationError, match="is not an owner") as caught:
        script.service.propose(MADE, SIGNER)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert script.waited == []


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"[]",
        orjson.dumps({"results": [row(nonce=-1)]}),
        orjson.dumps({"results": [row(nonce="x")]}),
        orjson.dumps({"results": [row(safeTxHash="0x12")]}),
        orjson.dumps({"results": [row()] * (MOST_QUEUED + 1)}),
        b"\xff",
    ],
)
def test_an_answer_in_another_format_is_none(content: bytes) -> None:
    with pytest.raises(TransientError):
        Script(httpx.Response(200, content=content)).service.queued(SAFE, 0)


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_service, "MAX_BYTES", 1000)
    with pytest.raises(TransientError, match="more than"):
        Script(httpx.Response(200, content=b" " * 1001)).service.queued(SAFE, 0)


def test_an_answer_that_trickles_is_cut_off() -> None:
    slow = [httpx.Response(200, content=b"{}") for _ in range(len(WAITS) + 1)]
    with pytest.raises(TransientError, match="ReadTimeout"):
        Script(*slow, seconds=-1.0).service.queued(SAFE, 0)


@pytest.mark.parametrize(
    ("ready", "stuck", "expected"),
    [
        ((), (), (5,)),
        ((), (5, 6), (5,)),
        ((5,), (), (5, 6)),
        ((5, 6, 7), (), (5, 6, 7)),
        ((6,), (5,), (5,)),
    ],
)
def test_the_nonce_is_the_safes_own_whatever_waits(
    ready: tuple[int, ...], stuck: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    queue = [Queued(n, DIGEST, ready=True) for n in ready]
    queue += [Queued(n, DIGEST, ready=False) for n in stuck]
    assert nonces(5, tuple(queue), 3) == expected
