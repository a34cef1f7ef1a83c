"""A night without a mouse: from the alert to what two people decided, seen at every step."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from schemas.decisions import Request
from tests.browser import live, overflow
from tests.integration.console.serving import Served, serving
from tests.integration.console.test_browser import signed_in, violations
from tests.keyboard import Hands
from tests.people import by_provider, proposal
from tests.unit.console.scene import CASE, POOL, alert, case, readiness

UNPAUSE = Request(to=POOL, function="unpause()", calldata="0x3f4ba83a")


@pytest.fixture
def console() -> Iterator[Served]:
    with serving() as console:
        console.tell(alert(), case(), readiness())
        yield console


def signs(page: Page, console: Served) -> None:
    """Confirm what the page shows with the wallet, and let everybody read it."""
    assert violations(page) == []
    hands = Hands(page)
    hands.past_the_top()
    hands.enter(page.locator("button:has-text('Sign with the wallet and publish')"))
    page.wait_for_url(f"**/cases/{CASE}*")
    console.read_back()
    live(page)


@pytest.mark.parametrize(
    "phone",
    [pytest.param(False, id="desk"), pytest.param(True, id="phone", marks=pytest.mark.slow)],
)
def test_from_the_alert_to_a_release_that_two_people_want(
    browser: Browser, console: Served, *, phone: bool
) -> None:
    rea = signed_in(browser, console, "rea", phone=phone)
    hands = Hands(rea)
    hands.reach(rea.locator("ol.alerts > li").first, "j")
    hands.press("Enter")
    rea.wait_for_selector("ol.alerts details[open]")
    hands.press("o")
    rea.wait_for_url(f"**/cases/{CASE}")
    live(rea)
    hands.press("p")
    rea.wait_for_url("**/propose")
    hands.past_the_top()
    matter = rea.locator("input[name=matter]")
    hands.reach(matter.first)
    hands.press("ArrowUp")
    assert rea.locator("input[value=release]").is_checked()
    hands.reach(rea.locator("#words"))
    hands.write("Three blocks were green.")
    hands.reach(rea.locator("#function"))
    hands.write("unpause()")
    hands.enter(rea.locator("button:has-text('Look at it')"))
    rea.wait_for_selector("main >> text=unpause()")
    signs(rea, console)
    rea.wait_for_selector("text=You proposed it: a second person answers")

    ben = signed_in(browser, console, "ben", phone=phone)
    Hands(ben).press("g", "c")
    ben.wait_for_url("**/cases")
    Hands(ben).reach(ben.locator("ol.cases > li").first, "j")
    Hands(ben).press("Enter")
    ben.wait_for_url(f"**/cases/{CASE}")
    live(ben)
    Hands(ben).answer("y", "I looked at them too.")
    ben.wait_for_selector("text=You are about to approve")
    signs(ben, console)
    ben.wait_for_selector(".state-approved >> text=I looked at them too.")
    assert "Approved by ben" in (ben.text_content("main") or "").replace("\n", " ")
    rea.wait_for_selector(".state-approved >> text=Transaction Builder")


def test_a_veto(browser: Browser, console: Served) -> None:
    asked = proposal(case(), by_provider("rea"), "release", "All is quiet.", [UNPAUSE])
    console.tell(asked)
    ana = signed_in(browser, console, "ana")
    ana.goto(f"{console.desk.url}/cases/{CASE}")
    live(ana)
    Hands(ana).answer("v", "The cause is still there.")
    ana.wait_for_selector("text=You are about to veto")
    signs(ana, console)
    ana.wait_for_selector(
        f"#proposal-{asked.id[:16]}.state-vetoed >> text=The cause is still there."
    )


def test_to_open_something_decides_nothing_and_a_key_needs_the_focus(
    browser: Browser, console: Served
) -> None:
    console.tell(proposal(case(), by_provider("rea"), "attack", "Two pools emptied at once."))
    page = signed_in(browser, console, "ana")
    page.goto(f"{console.desk.url}/cases/{CASE}")
    live(page)
    Hands(page).press("y", "v")
    Hands(page).reach(page.locator(".decision.state-open"), "j")
    Hands(page).press("Enter")
    assert page.url.endswith(f"/cases/{CASE}")
    assert page.locator("text=You are about to").count() == 0


def test_what_has_the_focus_keeps_it_while_things_happen(browser: Browser, console: Served) -> None:
    console.tell(proposal(case(), by_provider("rea"), "attack", "Two pools emptied at once."))
    page = signed_in(browser, console, "ana")
    page.goto(f"{console.desk.url}/cases/{CASE}")
    live(page)
    hands = Hands(page)
    words = page.locator(".decision.state-open input[name=words]")
    hands.reach(words)
    hands.write("half a sen")
    console.tell(proposal(case(), by_provider("ben"), "release", "And this one beside it."))
    page.wait_for_selector("text=And this one beside it.")
    hands.write("tence")
    first = page.locator("article:has-text('Two pools emptied') input[name=words]")
    assert first.input_value() == "half a sentence"


@pytest.mark.parametrize(
    ("key", "path"),
    [("w", "/"), ("c", "/cases"), ("b", "/plans"), ("n", "/signals"), ("r", "/risk"),
     ("t", "/contracts"), ("p", "/people")],
)  # fmt: skip
def test_g_and_a_letter_go_to_every_page(
    ada: Page, console_of_ada: Served, key: str, path: str
) -> None:
    ada.goto(f"{console_of_ada.desk.url}/help")
    live(ada)
    Hands(ada).press("g", key)
    ada.wait_for_url(console_of_ada.desk.url + path)
    assert ada.locator("nav a[aria-current=page]").count() == 1
    assert overflow(ada) == 0


@pytest.fixture(scope="module")
def console_of_ada() -> Iterator[Served]:
    with serving() as console:
        yield console


@pytest.fixture(scope="module")
def ada(browser: Browser, console_of_ada: Served) -> Page:
    return signed_in(browser, console_of_ada, "ada")
