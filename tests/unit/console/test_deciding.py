"""One person proposes, another answers: what is asked of whom, and what is published."""

import json

import pytest
from eth_account.messages import encode_typed_data
from starlette.testclient import TestClient

from console.trust import Trust
from runtime.acknowledging import People
from schemas.codec import decode_from
from schemas.decisions import Answer, Proposal, Request
from schemas.topics import DECISIONS
from tests.people import NOW, answer, by_provider, by_wallet, proposal, signature_of_text, wallet
from tests.unit.console.scene import (
    CASE,
    POOL,
    Console,
    alert,
    case,
    csrf_in,
    message_in,
    readiness,
    settings,
)

RELEASE = {
    "matter": "release",
    "words": "Three blocks were green.",
    "source": "written",
    "to": POOL,
    "function": "unpause()",
    "arguments": "",
}


@pytest.fixture
def console() -> Console:
    console = Console(settings(groups={"oncall": "approver"}))
    console.show(alert(), case(), readiness())
    return console


def draft(browser: TestClient, fields: dict[str, str]) -> str:
    """Fill in the form; return where the draft is."""
    page = browser.get(f"/cases/{CASE}/propose")
    answer = browser.post(f"/cases/{CASE}/propose", data=fields | {"csrf": csrf_in(page)})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def sign(browser: TestClient, where: str, name: str, by: str | None = None) -> int:
    """Sign a draft as its page shows it, and publish it."""
    page = browser.get(where)
    typed = json.loads(message_in(page))
    signed = wallet(by or name).sign_message(encode_typed_data(full_message=typed))
    data = {"csrf": csrf_in(page), "signature": "0x" + bytes(signed.signature).hex()}
    return int(browser.post(where, data=data).status_code)


def read_back(console: Console) -> list[Proposal | Answer]:
    """Let the console read what was published; return it."""
    found = [decode_from(DECISIONS, value) for value in console.written(DECISIONS.name)]
    console.show(*found)
    return [one for one in found if isinstance(one, Proposal | Answer)]


def answered(browser: TestClient, asked: str, verdict: str = "approve") -> str:
    page = browser.get(f"/cases/{CASE}")
    data = {"csrf": csrf_in(page), "verdict": verdict, "words": "I read the calls."}
    answer = browser.post(f"/proposals/{asked}/answer", data=data)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_from_a_proposal_to_an_approval_by_two_people_with_wallets(console: Console) -> None:
    rea, ana = console.sign_in("rea"), console.sign_in("ana")
    assert sign(rea, draft(rea, RELEASE), "rea") == 303
    (asked,) = read_back(console)
    assert isinstance(asked, Proposal)
    assert (asked.by.person, asked.by.account) == ("rea", by_wallet("rea").account)
    assert [(call.to, call.function) for call in asked.calls] == [(POOL, "unpause()")]
    assert asked.calls[0].calldata == "0x3f4ba83a"
    page = ana.get(f"/cases/{CASE}")
    assert "unpause()" in page.text
    assert "waits for a second person" in page.text
    assert sign(ana, answered(ana, asked.id), "ana") == 303
    _, said = read_back(console)
    assert isinstance(said, Answer)
    assert (said.verdict, said.proposal, said.by.person) == ("approve", asked.id, "ana")
    page = rea.get(f"/cases/{CASE}")
    assert "execute it with your Safe" in page.text


def test_the_draft_shows_everything_before_anything_is_said(console: Console) -> None:
    rea = console.sign_in("rea")
    page = rea.get(draft(rea, RELEASE))
    for words in ("unpause()", POOL, "LendingPool", "Three blocks were green.", "0x3f4ba83a"):
        assert words in page.text
    assert console.written(DECISIONS.name) == []


def test_who_proposed_it_cannot_approve_it(console: Console) -> None:
    ana = console.sign_in("ana")
    asked = proposal(case(), by_provider("ana"))
    console.show(asked)
    page = ana.get(f"/cases/{CASE}")
    assert "You proposed it" in page.text
    data = {"csrf": csrf_in(page), "verdict": "approve"}
    answer = ana.post(f"/proposals/{asked.id}/answer", data=data)
    assert answer.status_code == 409
    assert "second person" in answer.text


def test_nor_can_they_once_it_was_decided_while_they_read(console: Console) -> None:
    ana = console.sign_in("ana")
    asked = proposal(case(), by_provider("rea"))
    console.show(asked)
    where = answered(ana, asked.id)
    console.show(answer(asked, by_provider("ben"), "veto"))
    assert sign(ana, where, "ana") == 409
    assert console.written(DECISIONS.name) == []


@pytest.mark.parametrize(("name", "may"), [("vic", False), ("rea", True), ("ada", True)])
def test_proposing_takes_a_responder(console: Console, name: str, *, may: bool) -> None:
    browser = console.sign_in(name)
    assert browser.get(f"/cases/{CASE}/propose").status_code == (200 if may else 403)
    data = RELEASE | {"csrf": csrf_in(browser.get("/"))}
    sent = browser.post(f"/cases/{CASE}/propose", data=data).status_code
    assert sent == (303 if may else 403)


@pytest.mark.parametrize(("name", "may"), [("vic", False), ("rea", False), ("ana", True)])
def test_answering_takes_an_approver(console: Console, name: str, *, may: bool) -> None:
    browser = console.sign_in(name)
    asked = proposal(case(), by_provider("somebody"))
    console.show(asked)
    data = {"csrf": csrf_in(browser.get("/")), "verdict": "approve"}
    sent = browser.post(f"/proposals/{asked.id}/answer", data=data).status_code
    assert sent == (303 if may else 403)


def test_a_wallet_s_owner_says_nothing_without_a_signature(console: Console) -> None:
    rea = console.sign_in("rea")
    where = draft(rea, RELEASE)
    data = {"csrf": csrf_in(rea.get(where)), "signature": ""}
    assert rea.post(where, data=data).status_code == 400
    assert sign(rea, draft(rea, RELEASE), "rea", by="ana") == 400
    text = {"signature": signature_of_text("something", "rea")}
    where = draft(rea, RELEASE)
    assert rea.post(where, data={"csrf": csrf_in(rea.get(where))} | text).status_code == 400
    assert console.written(DECISIONS.name) == []


def test_a_draft_is_of_use_once_and_to_its_author(console: Console) -> None:
    rea, ana = console.sign_in("rea"), console.sign_in("ana")
    where = draft(rea, RELEASE)
    assert ana.get(where).status_code == 404
    assert ana.post(where, data={"csrf": csrf_in(ana.get("/"))}).status_code == 404
    assert sign(rea, where, "rea") == 303
    assert rea.post(where, data={"csrf": csrf_in(rea.get("/"))}).status_code == 404
    assert len(console.written(DECISIONS.name)) == 1


def test_a_draft_grows_old(console: Console) -> None:
    rea = console.sign_in("rea")
    where = draft(rea, RELEASE)
    console.clock.seconds += 601
    assert sign(rea, where, "rea") == 410
    assert console.written(DECISIONS.name) == []


def test_a_proposal_expires(console: Console) -> None:
    ana = console.sign_in("ana")
    asked = proposal(case(), by_provider("rea", NOW - 4000))
    console.show(asked)
    page = ana.get(f"/cases/{CASE}")
    assert "Expired" in page.text
    data = {"csrf": csrf_in(page), "verdict": "approve"}
    assert ana.post(f"/proposals/{asked.id}/answer", data=data).status_code == 409


def test_nothing_is_said_without_the_token_of_the_session(console: Console) -> None:
    rea = console.sign_in("rea")
    assert rea.post(f"/cases/{CASE}/propose", data=RELEASE | {"csrf": "guess"}).status_code == 403
    where = draft(rea, RELEASE)
    assert rea.post(where, data={"csrf": "guess"}).status_code == 403
    assert rea.get(where).status_code == 200, "and the draft is still there"


@pytest.mark.parametrize(
    "change",
    [
        {"matter": "resume"},
        {"matter": ""},
        {"words": ""},
        {"words": "x" * 501},
        {"to": "0x" + "99" * 20},
        {"function": "unpause"},
        {"function": "unpause((uint256,bytes)[])"},
        {"function": "setCap(uint256)"},
        {"function": "setCap(uint256)", "arguments": "many"},
        {"function": "setCap(uint256)", "arguments": "-1"},
        {"function": "setCap(uint256)", "arguments": "1\n2"},
        {"function": ""},
        {"source": "staged"},
        {"matter": "brake", "brake": "nothing of the sort"},
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(
    console: Console, change: dict[str, str]
) -> None:
    rea = console.sign_in("rea")
    page = rea.get(f"/cases/{CASE}/propose")
    data = RELEASE | change | {"csrf": csrf_in(page)}
    answer = rea.post(f"/cases/{CASE}/propose", data=data)
    assert answer.status_code == 400
    assert "does not fit" in answer.text


def test_people_may_be_asked_to_pull_a_brake_that_the_responder_told_of(console: Console) -> None:
    rea = console.sign_in("rea")
    where = draft(rea, {"matter": "brake", "brake": "pause-pool", "words": "It goes on."})
    assert sign(rea, where, "rea") == 303
    (asked,) = read_back(console)
    assert isinstance(asked, Proposal)
    assert [(call.function, call.calldata) for call in asked.calls] == [("pause()", "0x8456cb59")]


def test_a_verdict_about_the_case_names_no_calls(console: Console) -> None:
    rea = console.sign_in("rea")
    assert sign(rea, draft(rea, RELEASE | {"matter": "false-alarm"}), "rea") == 303
    (asked,) = read_back(console)
    assert isinstance(asked, Proposal)
    assert asked.calls == ()


def test_bytes_that_cannot_be_read_are_said_to_be(console: Console) -> None:
    hidden = Request(to=POOL, function="unpause()", calldata="0x3f4ba83a" + "00" * 32)
    console.show(proposal(case(), by_provider("rea"), "release", calls=[hidden]))
    page = console.sign_in("ana").get(f"/cases/{CASE}")
    assert "cannot be read in full" in page.text
    assert '<code class="call">unpause()' not in page.text


def test_a_case_or_proposal_that_is_not_there(console: Console) -> None:
    ana = console.sign_in("ana")
    data = {"csrf": csrf_in(ana.get("/")), "verdict": "approve"}
    assert ana.get("/cases/nothing/propose").status_code == 404
    assert ana.post("/proposals/nothing/answer", data=data).status_code == 404
    assert ana.get("/drafts/nothing").status_code == 404
    asked = proposal(case(), by_provider("rea"))
    console.show(asked)
    assert (
        ana.post(f"/proposals/{asked.id}/answer", data=data | {"verdict": "x"}).status_code == 400
    )


def test_a_false_alarm_takes_whose_word_silences_a_case() -> None:
    named = tuple(wallet(name).address.lower() for name in ("rea", "ana"))
    console = Console(trust=Trust(people=People(wallets=named)))
    console.show(alert(), case(), readiness())
    nothing = {"matter": "false-alarm", "words": "A rehearsal of ours."}
    ben = console.sign_in("ben")
    fields = nothing | {"csrf": csrf_in(ben.get(f"/cases/{CASE}/propose"))}
    assert ben.post(f"/cases/{CASE}/propose", data=fields).status_code == 403
    rea = console.sign_in("rea")
    assert sign(rea, draft(rea, nothing), "rea") == 303
    (asked,) = read_back(console)
    data = {"csrf": csrf_in(ben.get(f"/cases/{CASE}")), "verdict": "approve", "words": ""}
    assert ben.post(f"/proposals/{asked.id}/answer", data=data).status_code == 403
    assert answered(console.sign_in("ana"), asked.id)
