"""Somebody takes a case in hand: by one click, or with their wallet; and everybody sees it."""

import pytest
from msgspec.structs import replace

from console.trust import Trust
from console.words import moment
from runtime import attested
from runtime.acknowledging import People
from schemas.codec import decode_from
from schemas.incidents import Acknowledged, Acknowledgement
from schemas.paging import Page, Telling
from schemas.topics import ACKNOWLEDGEMENTS
from tests.people import NOW, acknowledgement, by_provider, by_wallet, wallet
from tests.unit.console.scene import CASE, Console, action_in, alert, case, csrf_in, readiness
from tests.unit.console.test_deciding import sign
from tests.unit.console.test_pages import words


@pytest.fixture
def console() -> Console:
    console = Console()
    console.show(alert(), case(), readiness())
    return console


def page(**others: object) -> Page:
    given = {
        "id": "0" * 64,
        "chain": case().chain,
        "protocol": "meadow",
        "incident": CASE,
        "severity": "critical",
        "summary": "a price moved",
        "since": NOW * 1000,
        "due": (NOW + 300) * 1000,
        "rung": 1,
        "tellings": (Telling(channel="phone", rung=0, at=NOW * 1000, ok=True),),
    }
    return Page(**given | others)  # type: ignore[arg-type]


def published(console: Console) -> list[Acknowledgement]:
    found = [decode_from(ACKNOWLEDGEMENTS, one) for one in console.written(ACKNOWLEDGEMENTS.name)]
    console.show(*found)
    return [one for one in found if isinstance(one, Acknowledgement)]


def test_a_wallet_signs_that_its_person_has_it(console: Console) -> None:
    rea = console.sign_in("rea")
    shown = rea.get(f"/cases/{CASE}")
    assert "Nobody has said that they have it" in shown.text
    data = {"csrf": csrf_in(shown), "words": "on it"}
    drafted = rea.post(f"/cases/{CASE}/acknowledge", data=data)
    where = drafted.headers["location"]
    assert "You are about to take a case in hand" in rea.get(where).text
    assert published(console) == [], "nothing is said before it is signed"
    assert sign(rea, where, "rea", by="ben") == 400, "somebody else's signature is none"
    drafted = rea.post(f"/cases/{CASE}/acknowledge", data=data)
    assert sign(rea, drafted.headers["location"], "rea") == 303
    (word,) = published(console)
    attested.require(word)
    assert (word.by, word.severity, word.words) == ("rea", "critical", "on it")
    assert word.said is not None
    assert (word.said.account, word.said.time) == (by_wallet("rea").account, NOW)
    told = words(rea.get(f"/cases/{CASE}").text)
    assert "Has it in hand, critical (rea)" in told


def test_whom_a_provider_let_in_says_it_with_one_click(console: Console) -> None:
    rea = console.sign_in_by_provider("rea")
    data = {"csrf": csrf_in(rea.get("/"))}
    answer = rea.post(f"/cases/{CASE}/acknowledge", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{CASE}")
    (word,) = published(console)
    assert word.said is not None
    assert word.said.account.startswith("oidc:")
    attested.require(word)


def test_a_viewer_and_a_stranger_cannot(console: Console) -> None:
    vic = console.sign_in("vic")
    shown = vic.get("/")
    assert "I have it in hand" not in shown.text
    data = {"csrf": csrf_in(shown)}
    assert vic.post(f"/cases/{CASE}/acknowledge", data=data).status_code == 403
    assert console.browser().post(f"/cases/{CASE}/acknowledge", data=data).status_code == 401
    rea = console.sign_in("rea")
    forged = rea.post(f"/cases/{CASE}/acknowledge", data={"csrf": "another"})
    assert forged.status_code == 403
    assert published(console) == []


def test_one_whose_word_would_not_count_is_told_so_before(console: Console) -> None:
    ben = wallet("ben").address.lower()
    console = Console(trust=Trust(people=People(wallets=(ben,))))
    console.show(case())
    rea, named = console.sign_in("rea"), console.sign_in("ben")
    shown = rea.get(f"/cases/{CASE}")
    assert "firebreak acknowledge" in shown.text
    data = {"csrf": csrf_in(shown)}
    assert rea.post(f"/cases/{CASE}/acknowledge", data=data).status_code == 403
    shown = named.get(f"/cases/{CASE}")
    assert action_in(shown, "/cases/") == f"/cases/{CASE}/acknowledge"


def test_what_waits_stands_before_everything_and_goes_once_it_is_in_hand(console: Console) -> None:
    vic = console.sign_in("vic")
    console.show(page())
    told = words(vic.get("/").text)
    assert told.index("Nobody has it in hand") < told.index("Protocols")
    assert "told: phone · again at" in told
    said = Acknowledged(by="rea", severity="critical", words="on it", time=NOW)
    console.show(case(acknowledged=said), page(ended="acknowledged", by="rea"))
    assert "No case waits for anybody" in vic.get("/").text
    shown = words(vic.get(f"/cases/{CASE}").text)
    assert f"rea has it in hand, as critical, since {moment(NOW)} UTC: on it" in shown


def test_one_that_became_graver_waits_again(console: Console) -> None:
    console.show(case(acknowledged=Acknowledged(by="rea", severity="high")))
    rea = console.sign_in("rea")
    assert "I have it in hand" in rea.get("/").text
    assert "It became graver since" in rea.get(f"/cases/{CASE}").text


def test_a_closed_case_is_in_nobodys_hand(console: Console) -> None:
    console.show(case(phase="closed"))
    rea = console.sign_in("rea")
    assert "I have it in hand" not in rea.get(f"/cases/{CASE}").text
    data = {"csrf": csrf_in(rea.get("/"))}
    assert rea.post(f"/cases/{CASE}/acknowledge", data=data).status_code == 409


def test_the_same_word_twice_is_one_line(console: Console) -> None:
    word = acknowledgement(case(), by_provider("rea"))
    console.show(word, word, replace(word, id="1" * 64, words="still"))
    told = words(console.sign_in("vic").get(f"/cases/{CASE}").text)
    assert told.count("Has it in hand, critical") == 2
