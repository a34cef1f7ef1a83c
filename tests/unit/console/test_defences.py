"""What every request passes, and what every answer carries."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from console.defences import CSP, MAX_BODY, READING, SIGNING_IN, WRITING
from tests.unit.console.scene import CASE, Console, alert, case, csrf_in, readiness, settings

PATHS = ("/", "/login", "/cases", f"/cases/{CASE}", "/plans", "/help", "/nothing", "/rates",
         "/static/console.js", "/static/missing.js", f"/cases/{CASE}/propose")  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> TestClient:
    """Somebody who is signed in, and looks on."""
    console = Console()
    console.show(alert(), case(), readiness())
    return console.sign_in("ana")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_forbids_what_no_page_needs(browser: TestClient, path: str) -> None:
    headers = browser.get(path).headers
    assert headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert ("no-store" in headers.get("cache-control", "")) != path.startswith("/static/")
    assert "server" not in headers


@pytest.mark.parametrize("path", PATHS)
def test_no_page_has_a_script_or_style_within_it(browser: TestClient, path: str) -> None:
    page = browser.get(path)
    if page.headers.get("content-type", "").startswith("text/html"):
        text = page.text.lower()
        assert "<style" not in text
        assert " style=" not in text
        assert " onclick=" not in text
        assert all('src="/static/' in part.partition(">")[0] for part in text.split("<script")[1:])
        assert "javascript:" not in text


def test_on_this_machine_without_a_certificate_nothing_asks_for_one() -> None:
    console = Console(settings(url="http://127.0.0.1:8088"))
    answer = console.browser().get("/login")
    assert "strict-transport-security" not in answer.headers
    assert "secure" not in answer.headers["set-cookie"].lower()


def test_another_name_for_this_host_is_refused() -> None:
    answer = Console().browser().get("/login", headers={"host": "rebound.example.net"})
    assert answer.status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example.org"},
        {"origin": "https://console.example.org.evil.net"},
        {"origin": "http://console.example.org"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
    ],
)
def test_what_changes_something_comes_from_our_own_pages(headers: dict[str, str]) -> None:
    console = Console()
    browser = console.sign_in("ana")
    data = {"csrf": csrf_in(browser.get("/"))}
    assert browser.post("/logout", data=data, headers=headers).status_code == 403
    assert browser.get("/").status_code == 200, "and nothing was changed"


def test_our_own_origin_is_fine() -> None:
    browser = Console().sign_in("ana")
    data = {"csrf": csrf_in(browser.get("/"))}
    headers = {"origin": "https://console.example.org"}
    assert browser.post("/logout", data=data, headers=headers).status_code == 303


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(method: str) -> None:
    assert Console().browser().request(method, "/login").status_code == 405


def test_a_body_that_is_too_large_is_not_read() -> None:
    browser = Console().sign_in("ana")
    data = {"csrf": csrf_in(browser.get("/")), "words": "x" * MAX_BODY}
    assert browser.post("/logout", data=data).status_code == 413


def test_nor_one_that_does_not_say_how_large_it_is() -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 1024 + 2):
            yield b"x" * 1024

    browser = Console().sign_in("ana")
    assert browser.post("/logout", content=endless()).status_code == 413


@pytest.mark.parametrize("length", ["-1", "abc", "9" * 30])
def test_nor_one_that_lies_about_it(length: str) -> None:
    browser = Console().browser()
    answer = browser.post("/logout", content=b"x", headers={"content-length": length})
    assert answer.status_code == 413


def test_only_forms_are_read_and_bounded_ones() -> None:
    browser = Console().sign_in("ana")
    assert browser.post("/logout", json={"csrf": "x"}).status_code == 415
    many = {f"f{number}": "x" for number in range(100)}
    assert browser.post("/logout", data=many).status_code == 400


def test_who_asks_too_often_waits() -> None:
    console = Console()
    browser = console.browser()
    statuses = [browser.get("/help").status_code for _ in range(int(READING.burst) + 2)]
    assert statuses[-1] == 429
    assert browser.get("/help").headers["retry-after"]
    console.clock.seconds += 1
    assert browser.get("/help").status_code == 303


def test_signing_in_and_saying_something_are_counted_apart() -> None:
    console = Console()
    browser = console.browser()
    tries = [browser.post("/login/wallet").status_code for _ in range(int(SIGNING_IN.burst) + 1)]
    assert (tries[0], tries[-1]) == (403, 429)
    writes = [browser.post("/logout").status_code for _ in range(int(WRITING.burst) + 1)]
    assert writes[-1] == 429
    assert browser.get("/login").status_code == 200


def test_what_is_refused_at_the_door_is_counted() -> None:
    console = Console()
    console.browser().get("/login", headers={"host": "rebound.example.net"})
    assert console.metrics.console_refused.labels("host")._value.get() == 1


def test_an_error_of_ours_tells_nobody_outside_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console()
    browser = console.sign_in("ana")

    def broken() -> None:
        raise RuntimeError("the secret of it")

    monkeypatch.setattr(type(console.desk), "postures", lambda _self: broken())
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"] == CSP
