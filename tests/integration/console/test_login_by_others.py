"""Signing in by an identity provider that others wrote: node-oidc-provider, certified, as it is."""

import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from authlib.integrations.requests_client import (  # type: ignore[import-untyped]  # ships no types
    OAuth2Session,
)
from joserfc.jwk import ECKey, OKPKey, RSAKey
from starlette.testclient import TestClient

from console.identity import LEEWAY_SECONDS, Named, Provider, Question
from schemas.errors import PoisonRecordError
from tests.integration.console.strangers import (
    ALGORITHMS,
    CALLBACK,
    SECRET,
    Stranger,
    keys,
    stranger,
    visit,
)
from tests.unit.console.scene import Clock, Console, settings

GROUPS = {"sub-new": ("oncall", "others"), "sub-stranger": ("others",)}


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    with stranger(tmp_path_factory.mktemp("provider"), GROUPS) as provider:
        yield provider


def provider(
    others: Stranger, client: str = "firebreak-RS256", *, ahead: float = 0.0, secret: str = ""
) -> Provider:
    """Ours, as a client of theirs; our clock is `ahead` of theirs by so many seconds."""
    given = {"oidc_secret": secret} if secret else {}
    own = settings(oidc_issuer=others.issuer, oidc_client=client, **given)
    return Provider(own, others.issuer, CALLBACK, Clock(time.time() + ahead))


def asked(ours: Provider, who: str = "sub-ana") -> tuple[Question, str, str]:
    """Ask theirs as `who`; return the question, and what the browser comes back with."""
    address, question = ours.ask()
    back = parse_qs(urlsplit(visit(address, who)).query)
    return question, back["state"][0], back["code"][0]


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # its name is; providers still say it
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_whatever_signs_their_tokens_somebody_is_named(others: Stranger, algorithm: str) -> None:
    ours = provider(others, f"firebreak-{algorithm}")
    assert ours.answer(*asked(ours, "sub-new")) == Named("sub-new", ("oncall", "others"))


def test_a_client_with_a_secret(others: Stranger) -> None:
    ours = provider(others, "firebreak", secret=SECRET)
    assert ours.answer(*asked(ours)) == Named("sub-ana", ())
    wrong = provider(others, "firebreak", secret="not-" + SECRET)
    answer = asked(wrong)
    with pytest.raises(PoisonRecordError, match="invalid_client"):
        wrong.answer(*answer)


def test_it_wants_pkce_and_ours_gives_it(others: Stranger) -> None:
    ours = provider(others)
    address, _ = ours.ask()
    bare = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
    assert bare.pop("code_challenge_method") == "S256"
    del bare["code_challenge"]
    refused = httpx.get(f"{address.partition('?')[0]}?{urlencode(bare)}")
    assert "error=invalid_request" in refused.headers["location"]
    question, state, code = asked(ours)
    with pytest.raises(PoisonRecordError, match="invalid_grant"):
        ours.answer(replace(question, verifier="v" * 43), state, code)


def test_a_code_is_of_use_once(others: Stranger) -> None:
    ours = provider(others)
    answer = asked(ours)
    ours.answer(*answer)
    with pytest.raises(PoisonRecordError, match="invalid_grant"):
        ours.answer(*answer)


def test_a_token_for_another_question_is_refused(others: Stranger) -> None:
    ours = provider(others)
    question, state, code = asked(ours)
    with pytest.raises(PoisonRecordError, match="nonce"):
        ours.answer(replace(question, nonce="of another browser"), state, code)


def test_a_code_and_a_token_of_another_client_are_refused(
    others: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, another = provider(others), provider(others, "somebody-else")
    question, state, code = asked(another)
    with pytest.raises(PoisonRecordError, match="invalid_grant"):
        ours.answer(question, state, code)
    theirs, state, code = asked(another)
    fetched = OAuth2Session.fetch_token
    # What the provider did sign, for that client and for this very nonce.
    monkeypatch.setattr(
        OAuth2Session,
        "fetch_token",
        lambda session, url, **given: fetched(another._session(state), url, **given),
    )
    with pytest.raises(PoisonRecordError, match="aud"):
        ours.answer(theirs, state, code)


@pytest.mark.parametrize(
    ("ahead", "in_time"),
    [(LEEWAY_SECONDS - 10, True), (10 - LEEWAY_SECONDS, True), (-3 * LEEWAY_SECONDS, False),
     (3600 + 3 * LEEWAY_SECONDS, False)],
)  # fmt: skip
def test_clocks_may_differ_by_a_minute(others: Stranger, ahead: float, *, in_time: bool) -> None:
    ours = provider(others, ahead=ahead)
    answer = asked(ours)
    if in_time:
        assert ours.answer(*answer).subject == "sub-ana"
    else:
        with pytest.raises(PoisonRecordError, match=r"in the future|expired"):
            ours.answer(*answer)


def test_their_keys_may_change_while_ours_runs(others: Stranger) -> None:
    ours = provider(others)
    assert ours.answer(*asked(ours)).subject == "sub-ana"
    changed = keys()
    others.start(changed)
    assert ours.answer(*asked(ours)).subject == "sub-ana"
    assert ours._keys is not None
    known = {key.kid for key in ours._keys.keys}
    assert known == {key.kid for key in changed if isinstance(key, RSAKey | ECKey | OKPKey)}


@pytest.fixture
def console(others: Stranger) -> Console:
    ours = provider(others)
    clock = Clock(time.time())
    own = settings(
        oidc_issuer=others.issuer, oidc_client="firebreak-RS256", groups={"oncall": "responder"}
    )
    return Console(own, ours, clock=clock)


def come_back(console: Console, who: str) -> tuple[TestClient, httpx.Response]:
    browser = console.browser()
    browser.get("/login")
    back = urlsplit(visit(browser.get("/login/provider").headers["location"], who))
    return browser, browser.get(f"{back.path}?{back.query}")


def test_people_come_in_and_strangers_do_not(console: Console) -> None:
    browser, answer = come_back(console, "sub-ana")
    assert answer.status_code == 303, answer.text
    assert "approver" in browser.get("/").text
    browser, _ = come_back(console, "sub-new")
    assert "responder" in browser.get("/").text
    assert come_back(console, "sub-stranger")[1].status_code == 403


def test_who_refuses_there_is_told_so_here_and_is_not_in(console: Console) -> None:
    browser, answer = come_back(console, "")
    assert answer.status_code == 403
    assert "access_denied" in answer.text
    assert browser.get("/").headers["location"] == "/login"
