"""What is said of a line's proof, whatever the log answers."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from console.proofs import AGAIN_SECONDS, MAX_BYTES, Proofs, Standing
from tests.people import NOW
from tests.unit.console.scene import CASE, Clock, Console, case, on_chain, settings, turn

RECORD = "ab" * 32
LOG = "https://log.example.org"


Leaf = dict[str, Any]


def leaf(**others: Any) -> Leaf:
    return {
        "leaf": 7,
        "hash": "cd" * 32,
        "topic": "alerts-v1",
        "partition": 0,
        "offset": 3,
        "kind": "alert",
        "sealed": 12,
        "witnesses": ["w1", "w2"],
        "anchor": None,
    } | others


class Log(httpx.AsyncBaseTransport):
    """Answers as a log does."""

    def __init__(
        self, *leaves: dict[str, Any], status: int = 200, body: bytes | None = None
    ) -> None:
        self.leaves, self.status, self.body = leaves, status, body
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.raw_path.decode())
        if self.status == 0:
            raise httpx.ConnectError("nobody there")
        answer = json.dumps({"id": RECORD, "leaves": self.leaves}).encode()
        return httpx.Response(self.status, content=answer if self.body is None else self.body)


def standing(log: Log) -> Standing:
    return asyncio.run(Proofs(LOG, Clock(), log).standing(RECORD))


def test_a_sealed_line_is_proved() -> None:
    found = standing(Log(leaf()))
    assert found.state == "proved"
    assert found.words == "leaf 7, under the checkpoint of size 12, seen by 2 witnesses"
    anchored = standing(Log(leaf(anchor={"tx": "0x1", "block": 3})))
    assert anchored.words.endswith("on chain")


def test_its_own_leaf_counts_and_not_that_of_who_names_it() -> None:
    for others in ((5, "action"), (9, "withdrawal")):
        found = standing(Log(leaf(leaf=others[0], kind=others[1]), leaf(leaf=7)))
        assert found.leaf is not None
        assert found.leaf.leaf == 7


@pytest.mark.parametrize(
    ("log", "state", "words"),
    [
        (Log(leaf(sealed=None)), "waiting", "not proved yet"),
        (Log(status=404), "unknown", "not proved yet"),
        (Log(), "unknown", "not proved yet"),
        (Log(status=503), "away", "does not answer"),
        (Log(status=0), "away", "does not answer"),
        (Log(body=b"<html>"), "away", "does not answer"),
        (Log(body=b"x" * (MAX_BYTES + 1)), "away", "does not answer"),
        (Log(leaf(leaf="seven")), "away", "does not answer"),
    ],
)
def test_whatever_else_it_answers_is_told_plainly(log: Log, state: str, words: str) -> None:
    found = standing(log)
    assert found.state == state
    assert words in found.words


def test_what_is_proved_is_remembered_and_the_rest_asked_again() -> None:
    async def scene() -> None:
        clock, log = Clock(), Log(leaf(sealed=None))
        proofs = Proofs(LOG, clock, log)
        assert (await proofs.standing(RECORD)).state == "waiting"
        assert (await proofs.standing(RECORD)).state == "waiting"
        assert len(log.asked) == 1
        clock.seconds += AGAIN_SECONDS
        log.leaves = (leaf(),)
        assert (await proofs.standing(RECORD)).state == "proved"
        clock.seconds += 10 * AGAIN_SECONDS
        assert (await proofs.standing(RECORD)).state == "proved"
        assert len(log.asked) == 2

    asyncio.run(scene())


def test_without_a_log_nothing_is_said_to_be_proved() -> None:
    assert asyncio.run(Proofs(None, Clock()).standing(RECORD)).state == "off"


def test_the_page_shows_it_and_hands_the_proof_out() -> None:
    log = Log(leaf(anchor={"tx": "0xfeed", "block": 3}))
    console = Console(settings(log_url=LOG), log=log)
    browser = console.sign_in("vic")
    page = browser.get(f"/proof/{RECORD}")
    assert "seen by 2 witnesses" in page.text
    assert "0xfeed" in page.text
    log.body = b"c2sp.org/tlog-proof@v1\n..."
    answer = browser.get(f"/proof/{RECORD}/file")
    assert answer.text.startswith("c2sp.org/tlog-proof")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert log.asked[-1] == f"/proof/{RECORD}?leaf=7"


def test_there_is_no_file_of_what_is_not_proved() -> None:
    console = Console(settings(log_url=LOG), log=Log(status=404))
    assert console.sign_in("vic").get(f"/proof/{RECORD}/file").status_code == 404


def test_every_turn_of_the_way_back_and_a_release_on_chain_lead_to_their_proofs() -> None:
    console = Console(settings(log_url=LOG), log=Log(leaf()))
    released = on_chain("Unpaused(address)", 1100, NOW + 5)
    told = turn(0, "opened", NOW + 10), turn(1, "cause-recorded", NOW + 20)
    console.show(case(), released, *told)
    page = console.sign_in("vic").get(f"/cases/{CASE}").text
    for record in (released, *told):
        assert f'href="/proof/{record.id}"' in page
    assert page.index("Root cause recorded") < page.index("Released on chain: Unpaused")
