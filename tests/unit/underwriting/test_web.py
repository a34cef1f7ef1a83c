from collections.abc import Iterator
from contextlib import AbstractContextManager

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runtime.broker import Message
from runtime.rates import Limit, Rate
from runtime.signatures import Signer, Verifier
from runtime.web import Place, serving
from schemas import headers
from schemas.codec import decode, encode
from schemas.risk import Holding, Risk
from tests.clock import ManualClock
from tests.unit.underwriting.worlds import DAY, START, block, desk, manifest
from underwriting.shelf import MOST_KEPT, Kept, Shelf
from underwriting.web import MOST_AT_ONCE, application

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))


def kept(at: int = START, number: int = 1) -> Kept:
    risk, _ = desk().look(manifest(), block(number, at), Holding(value=5e6, source="chain"))
    assert risk is not None
    value = encode(risk)
    return Kept(risk, value, SIGNER.sign(value, sequence=number << 20, expires=number + 100))


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf(frozenset({"meadow", "orchard"}))
    for place in range(3):
        shelf.put(kept(START + place * DAY, place + 1))
    return shelf


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(0.0)


def served(shelf: Shelf, per_minute: int, clock: ManualClock) -> AbstractContextManager[int]:
    limit = Limit(Rate(per_minute, per_minute / 60), clock)
    return serving(application(shelf, limit), Place("127.0.0.1", 0, "test"))


@pytest.fixture
def web(shelf: Shelf, clock: ManualClock) -> Iterator[httpx.Client]:
    with (
        served(shelf, 20, clock) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


def test_a_record_is_what_is_on_the_topic_and_can_be_verified(web: httpx.Client) -> None:
    answer = web.get("/v1/risk/meadow")
    assert answer.status_code == 200
    told = answer.headers
    beside = (
        (headers.KEY_ID, told["Firebreak-Key-Id"].encode()),
        (headers.SEQUENCE, told["Firebreak-Sequence"].encode()),
        (headers.EXPIRES, told["Firebreak-Expires"].encode()),
        (headers.SIGNATURE, bytes.fromhex(told["Firebreak-Ed25519"])),
    )
    message = Message("risk-v1", 0, 0, b"meadow", answer.content, beside)
    assert Verifier({SIGNER.key_id: SIGNER.public_key}).check(message, head=3) == 3 << 20
    assert decode(answer.content, Risk).at == START + 2 * DAY


def test_who_has_it_already_is_told_so(web: httpx.Client) -> None:
    first = web.get("/v1/risk/meadow")
    again = web.get("/v1/risk/meadow", headers={"If-None-Match": f'"x", {first.headers["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    for path in ("/v1/risk", "/v1/risk/meadow/history", "/v1/schema"):
        tag = web.get(path).headers["ETag"]
        assert web.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_history_goes_back_from_the_newest(web: httpx.Client) -> None:
    pages = [web.get("/v1/risk/meadow/history", params={"limit": 2}).json()["records"]]
    before = pages[0][-1]["at"]
    pages.append(web.get("/v1/risk/meadow/history", params={"before": before}).json()["records"])
    assert [one["at"] - START for page in pages for one in page] == [2 * DAY, DAY, 0]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=-1", "limit=x", "before=1e9", "limit=" + "1" * 300]
)
def test_what_has_no_answer_is_refused(web: httpx.Client, query: str) -> None:
    answer = web.get(f"/v1/risk/meadow/history?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_overview_leaves_inputs_out(web: httpx.Client) -> None:
    (row,) = web.get("/v1/risk").json()["risk"]
    assert row["protocol"] == "meadow"
    assert "inputs" not in row
    assert {one["name"] for one in row["figures"]} >= {"probability", "cover_price"}


def test_what_is_not_there_is_not_found(web: httpx.Client) -> None:
    assert web.get("/v1/risk/orchard").status_code == 404
    assert web.get("/v1/risk/nobody").status_code == 404
    assert web.get("/v1/risk/nobody/history").json() == {"records": []}
    assert web.post("/v1/risk/meadow").status_code == 405


def test_the_schema_is_the_published_one(web: httpx.Client) -> None:
    assert web.get("/v1/schema").json()["title"] == "risk-v1"


def test_who_asks_too_often_waits(web: httpx.Client, clock: ManualClock) -> None:
    assert [web.get("/v1/risk").status_code for _ in range(21)] == [200] * 20 + [429]
    assert web.get("/v1/risk").headers["Retry-After"] == "3"
    clock.seconds += 3.0
    assert web.get("/v1/risk").status_code == 200


def test_the_shelf_keeps_the_newest_in_order() -> None:
    shelf, one = Shelf(frozenset({"meadow"})), kept()
    shelf.put(kept(START + DAY, 2))
    shelf.put(one)
    assert shelf.before("meadow", START * 2, 9) == [shelf.newest("meadow")]
    assert MOST_AT_ONCE < MOST_KEPT


def test_nobody_asks_more_often_by_saying_that_they_are_somebody_else(
    shelf: Shelf, clock: ManualClock
) -> None:
    with served(shelf, 3, clock) as port:
        told = [
            httpx.get(
                f"http://127.0.0.1:{port}/v1/risk",
                headers={
                    "x-forwarded-for": f"192.0.2.{number}",
                    "forwarded": f"for=192.0.2.{number}",
                },
            ).status_code
            for number in range(5)
        ]
    assert told == [200, 200, 200, 429, 429]
