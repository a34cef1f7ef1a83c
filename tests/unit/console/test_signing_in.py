"""Who gets in by a wallet, and who does not."""

import pytest

from tests.people import signature_of_text, wallet
from tests.unit.console.scene import (
    CHAIN,
    Console,
    action_in,
    csrf_in,
    message_in,
    settings,
    sign_challenge,
)

ASKED = {"address": wallet("ana").address, "chain": CHAIN}


def test_the_message_names_domain_account_chain_nonce_and_expiry() -> None:
    browser = Console().browser()
    page = browser.post("/login/wallet", data=ASKED | {"csrf": csrf_in(browser.get("/login"))})
    lines = message_in(page).split("\n")
    assert lines[0] == ("console.example.org wants you to sign in with your Ethereum account:")
    assert lines[1] == wallet("ana").address
    assert "URI: https://console.example.org/login" in lines
    assert "Version: 1" in lines
    assert "Chain ID: 1" in lines
    assert any(line.startswith("Nonce: ") and len(line) > 20 for line in lines)
    assert "Issued At: 2027-01-15T08:00:00Z" in lines
    assert "Expiration Time: 2027-01-15T08:05:00Z" in lines


def test_whoever_signs_it_is_in_and_sees_the_watch() -> None:
    browser = Console().sign_in("ana")
    page = browser.get("/")
    assert page.status_code == 200
    assert "<strong>ana</strong>" in page.text
    assert browser.get("/login").headers["location"] == "/"


def test_a_visitor_sees_nothing_but_the_way_in() -> None:
    browser = Console().browser()
    for path in ("/", "/cases", "/plans", "/help", "/people", "/proof/" + "a" * 64):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert browser.get("/events").status_code == 401
    assert browser.get("/", headers={"x-region": "map"}).status_code == 401
    assert browser.post("/cases/x/propose", data={}).status_code == 401


class Attempt:
    """Somebody who asked for a message to sign."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.browser = console.browser()
        asked = ASKED | {"csrf": csrf_in(self.browser.get("/login"))}
        self.page = self.browser.post("/login/wallet", data=asked)

    def sign(self, text: str, name: str = "ana") -> int:
        data = {"csrf": csrf_in(self.page), "signature": signature_of_text(text, name)}
        return int(self.browser.post(action_in(self.page, "/login/wallet/"), data=data).status_code)


def test_a_nonce_is_of_use_once() -> None:
    attempt = Attempt(Console())
    assert sign_challenge(attempt.browser, attempt.page, "ana").status_code == 303
    attempt.browser.cookies.clear()
    attempt.browser.get("/login")
    assert attempt.sign(message_in(attempt.page)) == 403


def test_nor_after_a_wrong_signature() -> None:
    attempt = Attempt(Console())
    assert attempt.sign("something else") == 403
    assert attempt.sign(message_in(attempt.page)) == 403


def test_a_message_of_another_browser_is_of_no_use() -> None:
    console = Console()
    first, second = Attempt(console), Attempt(console)
    data = {
        "csrf": csrf_in(second.page),
        "signature": signature_of_text(message_in(first.page), "ana"),
    }
    assert second.browser.post(action_in(first.page, "/login/"), data=data).status_code == 403


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("console.example.org wants", "evil.example.org wants"),
        ("Chain ID: 1", "Chain ID: 10"),
        ("URI: https://console.example.org", "URI: https://evil.example.org"),
        ("Expiration Time: 2027", "Expiration Time: 2099"),
        ("Nonce: ", "Nonce: 0"),
    ],
)
def test_what_was_signed_for_another_site_chain_or_time_is_refused(what: str, other: str) -> None:
    attempt = Attempt(Console())
    text = message_in(attempt.page)
    assert what in text
    assert attempt.sign(text.replace(what, other)) == 403


def test_somebody_else_s_signature_is_refused() -> None:
    attempt = Attempt(Console())
    assert attempt.sign(message_in(attempt.page), "ben") == 403


def test_a_message_expires() -> None:
    attempt = Attempt(Console())
    attempt.console.clock.seconds += 301
    assert attempt.sign(message_in(attempt.page)) == 403


@pytest.mark.parametrize("signature", ["", "0x", "rubbish", "0x" + "00" * 65, "0x" + "ff" * 65])
def test_rubbish_is_refused(signature: str) -> None:
    attempt = Attempt(Console())
    data = {"csrf": csrf_in(attempt.page), "signature": signature}
    answer = attempt.browser.post(action_in(attempt.page, "/login/wallet/"), data=data)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        {"address": ASKED["address"], "chain": "eip155:10"},
        {"address": "0x1234", "chain": CHAIN},
        {"address": "0x" + "zz" * 20, "chain": CHAIN},
        {"address": ASKED["address"]},
    ],
)
def test_other_chains_and_what_is_no_address_are_refused(asked: dict[str, str]) -> None:
    browser = Console().browser()
    page = browser.post("/login/wallet", data=asked | {"csrf": csrf_in(browser.get("/login"))})
    assert page.status_code == 400


def test_a_stranger_is_told_so() -> None:
    console = Console(settings(people=[{"name": "ben", "role": "viewer", "subjects": ["b"]}]))
    attempt = Attempt(console)
    answer = sign_challenge(attempt.browser, attempt.page, "ana")
    assert answer.status_code == 403
    assert "An admin has to add you" in answer.text


def test_signing_in_takes_the_token_of_the_page() -> None:
    browser = Console().browser()
    assert browser.post("/login/wallet", data=ASKED).status_code == 403
    browser.get("/login")
    assert browser.post("/login/wallet", data=ASKED).status_code == 403
    assert browser.post("/login/wallet", data=ASKED | {"csrf": "guess"}).status_code == 403
