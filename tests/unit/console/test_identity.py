"""Signing in by an identity provider, against one that really answers, on this machine."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from console.identity import MAX_BYTES, Provider
from sandbox.identity import Identity
from tests.dawdler import dawdler
from tests.unit.console.scene import Clock, Console, settings

PEOPLE = {"sub-ana": (), "sub-new": ("oncall", "others"), "sub-stranger": ("others",)}


@pytest.fixture(scope="module")
def identity() -> Iterator[Identity]:
    with Identity(PEOPLE) as identity:
        yield identity


@pytest.fixture
def console(identity: Identity) -> Console:
    identity.twist = {}
    own = settings(oidc_issuer=identity.issuer, groups={"oncall": "responder"})
    clock = Clock(time.time())  # the tokens of the provider carry the real time
    callback = "https://console.example.org/login/provider/answer"
    return Console(own, Provider(own, identity.issuer, callback, clock), clock=clock)


def go(browser: TestClient, who: str) -> str:
    """Go to the provider and choose somebody; return where it sends the browser back to."""
    browser.get("/login")
    answer = browser.get("/login/provider")
    assert answer.status_code == 303, answer.text
    chosen = httpx.get(answer.headers["location"] + f"&who={who}")
    assert chosen.status_code == 303
    back = urlsplit(chosen.headers["location"])
    assert back.path == "/login/provider/answer"
    return f"{back.path}?{back.query}"


def come_back(console: Console, who: str) -> tuple[TestClient, httpx.Response]:
    browser = console.browser()
    return browser, browser.get(go(browser, who))


def test_somebody_on_the_roster_is_in(console: Console) -> None:
    browser, answer = come_back(console, "sub-ana")
    assert answer.status_code == 303, answer.text
    page = browser.get("/")
    assert "<strong>ana</strong>" in page.text
    assert "approver" in page.text


def test_somebody_of_a_group_has_the_group_s_role(console: Console) -> None:
    browser, _ = come_back(console, "sub-new")
    page = browser.get("/")
    assert "oidc:sub-new" in page.text
    assert "responder" in page.text


def test_a_stranger_is_not(console: Console) -> None:
    browser, answer = come_back(console, "sub-stranger")
    assert answer.status_code == 403
    assert browser.get("/").headers["location"] == "/login"


@pytest.mark.parametrize(
    "twist",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": ["firebreak"], "azp": "another-client"},
        {"iss": "https://evil.example.org"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 9_999_999_999},
        {"sub": None},
    ],
)
def test_a_token_that_says_something_else_is_refused(
    console: Console, identity: Identity, twist: dict[str, Any]
) -> None:
    identity.twist = twist
    _, answer = come_back(console, "sub-ana")
    assert answer.status_code == 403


def test_a_token_that_others_signed_is_refused(
    console: Console, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ECKey.generate_key("P-256")

    def forged(claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "ES256", "kid": identity.key.kid or ""}, claims, other)

    monkeypatch.setattr(identity, "signed", forged)
    _, answer = come_back(console, "sub-ana")
    assert answer.status_code == 403


def test_so_is_one_under_a_shared_secret_or_none(
    console: Console, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    def confused(claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(b"k" * 32))

    monkeypatch.setattr(identity, "signed", confused)
    assert come_back(console, "sub-ana")[1].status_code == 403
    monkeypatch.setattr(identity, "signed", lambda _: "e30.e30.")
    assert come_back(console, "sub-ana")[1].status_code == 403


def test_an_answer_is_of_use_once_and_to_the_browser_that_asked(console: Console) -> None:
    browser, other = console.browser(), console.browser()
    back = go(browser, "sub-ana")
    other.get("/login")
    assert other.get(back).status_code == 403, "it asked nothing"
    go(other, "sub-new")
    assert other.get(back).status_code == 403, "it asked something else"
    assert browser.get(back).status_code == 303
    browser.cookies.clear()
    browser.get("/login")
    assert browser.get(back).status_code == 403


def test_a_code_that_the_provider_does_not_know_is_refused(console: Console) -> None:
    browser = console.browser()
    state = parse_qs(urlsplit(go(browser, "sub-ana")).query)["state"][0]
    answer = browser.get(f"/login/provider/answer?code=guess&state={state}")
    assert answer.status_code == 403


def test_a_refusal_of_the_provider_is_told(console: Console) -> None:
    browser = console.browser()
    go(browser, "sub-ana")
    answer = browser.get("/login/provider/answer?error=access_denied")
    assert answer.status_code == 403
    assert "access_denied" in answer.text


def test_a_provider_that_is_away_keeps_nobody_from_the_wallet(console: Console) -> None:
    away = Provider(settings(), "http://127.0.0.1:9", "x", console.clock)
    console = Console(settings(oidc_issuer="http://127.0.0.1:9"), away)
    browser = console.browser()
    browser.get("/login")
    assert browser.get("/login/provider").status_code == 503
    assert console.sign_in("ana").get("/").status_code == 200


def test_without_a_provider_there_is_no_such_way() -> None:
    browser = Console().browser()
    assert "identity provider" not in browser.get("/login").text
    assert browser.get("/login/provider").status_code == 404


class Hostile(Identity):
    """Answers at length, or sends who asks for a token elsewhere."""

    def __init__(self, status: int) -> None:
        super().__init__(PEOPLE)
        self.status = status
        self.asked = 0

    async def _token(self, request: Request) -> Response:
        self.asked += 1
        if self.status == 200:
            return Response(b" " * 2 * MAX_BYTES + (await super()._token(request)).body)
        return Response(status_code=self.status, headers={"location": f"{self.issuer}/token"})


@pytest.mark.parametrize("status", [200, 302, 307])
def test_a_provider_that_answers_at_length_or_points_elsewhere_lets_nobody_in(status: int) -> None:
    with Hostile(status) as identity:
        own = settings(oidc_issuer=identity.issuer)
        clock = Clock(time.time())
        callback = "https://console.example.org/login/provider/answer"
        console = Console(own, Provider(own, identity.issuer, callback, clock), clock=clock)
        _, answer = come_back(console, "sub-ana")
    assert (answer.status_code, identity.asked) == (403, 1)


def test_who_has_a_longer_name_is_somebody_else(console: Console, identity: Identity) -> None:
    own = console.settings
    named = own.people[0].model_copy(update={"subjects": ("s" * 200,)})
    console.desk.roster.__init__(own.model_copy(update={"people": (named,)}))  # type: ignore[misc]  # made anew
    for subject, status in (("s" * 200, 303), ("s" * 201, 403), ("s" * 300, 403)):
        identity.twist = {"sub": subject}
        assert come_back(console, "sub-ana")[1].status_code == status


def test_a_provider_that_never_answers_is_given_up_and_the_wallet_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("console.identity.SECONDS", 0.2)
    with dawdler() as address:
        own = settings(oidc_issuer=address)
        clock = Clock(time.time())
        console = Console(own, Provider(own, address, "x", clock), clock=clock)
        browser = console.browser()
        browser.get("/login")
        assert browser.get("/login/provider").status_code == 503
        assert console.sign_in("ana").get("/").status_code == 200
