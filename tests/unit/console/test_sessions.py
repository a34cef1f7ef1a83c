"""How long somebody is signed in, and how that ends."""

import pytest

from console.people import Person, Role
from console.sessions import MOST, VISIT_SECONDS, Sessions
from tests.unit.console.scene import Clock, Console, csrf_in, settings

ANA = Person("ana", Role.APPROVER, "oidc:x#ana")


def test_the_cookie_is_out_of_reach_for_scripts_and_other_hosts() -> None:
    browser = Console().browser()
    cookie = browser.get("/login").headers["set-cookie"]
    assert cookie.startswith("__Host-firebreak=")
    parts = {part.strip().lower() for part in cookie.split(";")}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)


def test_signing_in_gives_another_session_than_the_visit_had() -> None:
    console = Console()
    browser = console.browser()
    browser.get("/login")
    before = browser.cookies["__Host-firebreak"]
    browser = console.sign_in("ana")
    assert browser.cookies["__Host-firebreak"] != before


def test_who_is_idle_is_signed_out() -> None:
    console = Console(settings(idle_seconds=600))
    browser = console.sign_in("ana")
    console.clock.seconds += 590
    assert browser.get("/").status_code == 200
    console.clock.seconds += 590
    assert browser.get("/").status_code == 200, "it counts from the last page"
    console.clock.seconds += 601
    assert browser.get("/").headers["location"] == "/login"


def test_a_page_that_renews_itself_keeps_nobody_signed_in() -> None:
    console = Console(settings(idle_seconds=600))
    browser = console.sign_in("ana")
    statuses = []
    for _ in range(4):
        console.clock.seconds += 200
        statuses.append(browser.get("/", headers={"x-region": "map"}).status_code)
    assert statuses == [200, 200, 200, 401]


def test_nobody_is_signed_in_for_ever() -> None:
    console = Console(settings(idle_seconds=600, session_seconds=3600))
    browser = console.sign_in("ana")
    statuses = []
    for _ in range(11):
        console.clock.seconds += 330
        statuses.append(browser.get("/").status_code)
    assert statuses == [200] * 10 + [303]


def test_signing_out_ends_it_also_for_a_copy_of_the_cookie() -> None:
    console = Console()
    browser = console.sign_in("ana")
    copied = dict(browser.cookies)
    assert browser.post("/logout", data={"csrf": csrf_in(browser.get("/"))}).status_code == 303
    thief = console.browser()
    thief.cookies.update(copied)
    assert thief.get("/").headers["location"] == "/login"


def test_signing_out_takes_the_token_too() -> None:
    browser = Console().sign_in("ana")
    assert browser.post("/logout", data={"csrf": "guess"}).status_code == 403
    assert browser.get("/").status_code == 200


def test_an_admin_sees_who_is_signed_in_and_ends_it() -> None:
    console = Console()
    ana, ada = console.sign_in("ana"), console.sign_in("ada")
    page = ada.get("/people")
    assert "ana" in page.text
    (session,) = [
        one for one in console.desk.sessions.signed_in() if one.person and one.person.name == "ana"
    ]
    data = {"csrf": csrf_in(page)}
    assert ada.post(f"/people/{session.name}/end", data=data).status_code == 303
    assert ada.post(f"/people/{session.name}/end", data=data).status_code == 404
    assert ana.get("/").headers["location"] == "/login"


def test_nobody_else_does() -> None:
    browser = Console().sign_in("ana")
    assert browser.get("/people").status_code == 403
    data = {"csrf": csrf_in(browser.get("/"))}
    assert browser.post("/people/abc/end", data=data).status_code == 403


@pytest.mark.parametrize("cookie", ["", "guess", "a" * 5000])
def test_a_made_up_cookie_is_nobody(cookie: str) -> None:
    assert Sessions(Clock(), 600, 3600).find(cookie) is None


def test_a_flood_of_visitors_pushes_nobody_out_who_is_signed_in() -> None:
    sessions = Sessions(Clock(), 600, 3600)
    cookie, _ = sessions.begin(ANA)
    for _ in range(MOST + 10):
        sessions.begin()
    assert sessions.find(cookie) is not None
    assert len(sessions._kept) == MOST


def test_a_visit_ends() -> None:
    clock = Clock()
    sessions = Sessions(clock, 600, 3600)
    cookie, _ = sessions.begin()
    clock.seconds += VISIT_SECONDS + 1
    assert sessions.find(cookie) is None


def test_a_stream_learns_that_its_session_ended() -> None:
    sessions = Sessions(Clock(), 600, 3600)
    cookie, session = sessions.begin(ANA)
    assert not sessions.over(session)
    sessions.end(cookie)
    assert sessions.over(session)
