"""The pages in a real browser: live, by keyboard, on a telephone, for everybody."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import (  # type: ignore[import-untyped]  # ships none
    Axe,
)
from msgspec.structs import replace
from playwright.sync_api import Browser, Page

from schemas.ids import content_id
from schemas.incidents import Task
from tests.browser import live, opened, overflow
from tests.integration.console.serving import Served, serving
from tests.keyboard import sign_in_by_wallet
from tests.people import NOW, answer, by_provider, proposal, wallet
from tests.unit.console.scene import CASE, action, alert, case, readiness
from tests.unit.console.test_acknowledging import page
from tests.unit.console.test_around import assessment, finding, risk, signal, trail
from tests.unit.console.test_packets import DIGEST, PAUSE, UNPAUSE, recovery, staged
from tests.unit.console.test_packets import asked as asked_for
from tests.waiting import until

PAGES = ("/", "/cases", f"/cases/{CASE}", f"/cases/{CASE}/flows", "/plans", "/signals",
         "/risk", "/contracts", "/contracts/meadow", "/help", "/people",
         f"/cases/{CASE}/propose", "/proof/" + "a" * 64, "/nothing")  # fmt: skip

AROUND = (signal(), risk(), assessment(), finding(), trail())

_DRAWN = """colour => {
  const chart = document.querySelector("#rates canvas");
  if (!chart || !chart.width) return 0;
  const found = chart.getContext("2d").getImageData(0, 0, chart.width, chart.height).data;
  let many = 0;
  for (let at = 0; at < found.length; at += 4) {
    const inked = found[at + 3] > 0;
    const same = colour.every((part, channel) => Math.abs(part - found[at + channel]) < 24);
    if (inked && (!colour.length || same)) many += 1;
  }
  return many;
}"""
"""How many pixels of the chart are not empty; of a colour, where one is given."""
BARS = [0xFF, 0x9D, 0x5C]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STRICTER = {"color-contrast-enhanced": {"enabled": True}}
"""7:1 (WCAG 1.4.6), which no tag of these brings."""


@pytest.fixture(scope="module")
def console() -> Iterator[Served]:
    with serving() as console:
        asked = proposal(case(), by_provider("rea"), "release", "Three blocks were green.")
        console.tell(alert(), case(), readiness(), asked, page(), *AROUND)
        yield console


def signed_in(browser: Browser, console: Served, name: str, *, phone: bool = False) -> Page:
    page = opened(browser, wallet(name), phone=phone)
    sign_in_by_wallet(page, console.desk.url)
    return page


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": TAGS, "rules": STRICTER}).response["violations"]
    told = []
    for one in found:
        node = one["nodes"][0]
        told.append(f"{one['id']}: {one['help']}: {node['html']}: {node['failureSummary']}")
    return told


def test_the_check_finds_what_is_not_for_everybody(browser: Browser) -> None:
    page = opened(browser)
    page.set_content("<p style='color:#777;background:#666'>read me</p><img src=x>")
    assert len(violations(page)) > 2


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_every_page_is_for_everybody_and_fits(
    browser: Browser, console: Served, *, phone: bool
) -> None:
    page = opened(browser, wallet("ada"), phone=phone)
    page.goto(f"{console.desk.url}/login")
    assert violations(page) == []
    page.click("text=Use the wallet of this browser")
    page.wait_for_selector("#to-sign")
    assert violations(page) == []
    page.click("text=Sign with the wallet")
    live(page)
    for path in PAGES:
        page.goto(console.desk.url + path)
        live(page)
        assert violations(page) == [], path
        assert overflow(page) == 0, path


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_a_case_that_was_braked_and_is_led_back_is_for_everybody(
    browser: Browser, *, phone: bool
) -> None:
    """Steps of a brake, a checklist, hashes to sign, and what was approved to be handed out."""
    made = asked_for(UNPAUSE, PAUSE, step=DIGEST)
    led = recovery(staged())
    assert led.checklist is not None
    tasks = (Task(words="Fix it", done=True), Task(words="Open in full", done=False))
    checklist = replace(led.checklist, tasks=tasks, missing=("1 more of 3 signers approve",))
    steps = (action("authorised"), action("final", 1, reason="mined in block 7"))
    with serving() as console:
        console.tell(alert(), case(), readiness(), *steps, replace(led, checklist=checklist))
        console.tell(made, answer(made, by_provider("ana")))
        page = signed_in(browser, console, "vic", phone=phone)
        page.goto(f"{console.desk.url}/cases/{CASE}")
        live(page)
        shown = page.text_content("main") or ""
        for part in ("mined in block 7", "Open in full", staged().hashes[0], "This console cannot"):
            assert part in shown, part
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert violations(page) == []
        assert overflow(page) == 0


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_text_is_large(browser: Browser, console: Served, *, phone: bool) -> None:
    page = signed_in(browser, console, "vic", phone=phone)
    page.goto(f"{console.desk.url}/cases/{CASE}")
    sizes = page.evaluate(
        "[...document.querySelectorAll('main p, main li, main dd, main button')]"
        ".map(one => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert sizes
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 18
    assert min(sizes) >= 16, "an aside may be a little smaller, never small"


def test_what_happens_appears_without_a_reload(browser: Browser, console: Served) -> None:
    page = signed_in(browser, console, "ana")
    page.evaluate("window.same = true")
    page.click("details summary")
    console.tell(alert(77, "a bridge minted out of nothing"))
    page.wait_for_selector("text=a bridge minted out of nothing")
    assert page.evaluate("window.same")
    assert page.locator("details[open]").count() == 1, "what was opened stays open"
    assert "a bridge" in (page.text_content("#said") or "")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_how_many_alerts_there_were_is_drawn_and_grows(browser: Browser, *, phone: bool) -> None:
    with serving() as console:
        page = signed_in(browser, console, "vic", phone=phone)
        until(lambda: page.evaluate(_DRAWN, BARS) > 0)
        none = page.evaluate(_DRAWN, BARS)  # a line where nothing was
        assert page.evaluate(_DRAWN, []) > none + 500, "axes with their words stand beside it"
        console.tell(alert(1))
        until(lambda: page.evaluate(_DRAWN, BARS) > none)
        one = page.evaluate(_DRAWN, BARS) - none
        console.tell(alert(2), alert(3), alert(4))
        until(lambda: page.evaluate(_DRAWN, BARS) - none > 3 * one)
        assert overflow(page) == 0


def test_a_flood_of_alerts_costs_a_page_a_request_a_second(
    browser: Browser, console: Served
) -> None:
    page = signed_in(browser, console, "vic")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for batch in range(10):
        console.tell(*(alert(1000 + batch * 100 + n, "flooded") for n in range(100)))
    console.tell(alert(5000, "the last of the flood"))
    page.wait_for_selector("text=the last of the flood")
    assert len(asked) < 20
    assert page.locator("ol.alerts > li").count() == 50


def test_everything_by_keyboard(browser: Browser, console: Served) -> None:
    page = signed_in(browser, console, "ana")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/cases")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.item") == ""
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "what has the focus is seen"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.item") == "", "the first stays"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{CASE}")
    page.keyboard.press("p")
    page.wait_for_url("**/propose")
    page.fill("#words", "g c ?")
    page.keyboard.press("Escape")
    assert page.url.endswith("/propose"), "what is written is no command"
    page.keyboard.press("?")
    page.wait_for_url("**/help")
    page.uncheck("#keys-on")
    page.locator("h1").click()
    page.keyboard.press("g")
    page.keyboard.press("b")
    assert page.url.endswith("/help"), "they can be switched off"


def test_a_second_person_approves_with_the_wallet_of_the_browser(
    browser: Browser, console: Served
) -> None:
    asked = proposal(case(), by_provider("rea"), "attack", "Two pools emptied at once.")
    console.tell(case(), asked)
    page = signed_in(browser, console, "ben", phone=True)
    page.goto(f"{console.desk.url}/cases/{CASE}")
    form = page.locator(f"#proposal-{asked.id[:16]} form")
    form.locator("input[name=words]").fill("Seen it in the pool.")
    form.locator("text=Approve").click()
    page.wait_for_selector("text=You are about to approve")
    assert violations(page) == []
    page.click("text=Sign with the wallet and publish")
    page.wait_for_url(f"**/cases/{CASE}")
    console.read_back()
    page.wait_for_selector(f"#proposal-{asked.id[:16]}.state-approved")
    assert "Approved by ben, signed by" in (page.text_content("main") or "").replace("\n", " ")


def test_a_case_is_taken_in_hand_by_keyboard_alone(browser: Browser, console: Served) -> None:
    page = signed_in(browser, console, "rea")
    page.keyboard.press("a")
    assert page.url.endswith("/"), "without the focus on a case the key means none"
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.wait_for_selector("text=You are about to take a case in hand")
    assert violations(page) == []
    page.click("text=Sign with the wallet and publish")
    page.wait_for_url(f"**/cases/{CASE}")
    console.read_back()
    page.wait_for_selector("li.kind-acknowledgement >> text=(rea)")


def test_what_neighbours_warn_of_appears_without_a_reload(
    browser: Browser, console: Served
) -> None:
    page = signed_in(browser, console, "vic", phone=True)
    for path, record, words in (
        ("/signals", signal(9, severity="critical"), "▲▲ critical"),
        (
            "/risk",
            risk(at=NOW + 1, reasons=("an alert of this minute",)),
            "an alert of this minute",
        ),
        ("/contracts", assessment(7, block=2000), "7 ways out"),
        (f"/cases/{CASE}", trail(gaps=("a block was not given",)), "a block was not given"),
    ):
        page.goto(console.desk.url + path)
        live(page)
        page.evaluate("window.same = true")
        console.tell(record)
        page.wait_for_selector(f"text={words}")
        assert page.evaluate("window.same")
        assert overflow(page) == 0


def test_text_from_a_chain_stays_text(browser: Browser, console: Served) -> None:
    page = signed_in(browser, console, "vic")
    hostile = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>\u202egnp.exe'
    console.tell(alert(6000, hostile, protocol="meadow"))
    page.wait_for_selector("text=<img src=x")
    assert page.evaluate("window.hit") is None
    assert page.locator("main img").count() == 0
    assert "\u202e" not in (page.text_content("main") or "")
    assert content_id("alert", 6000)[:16] in page.content()


def test_who_is_signed_out_elsewhere_is_told(browser: Browser, console: Served) -> None:
    page = signed_in(browser, console, "rea")
    for session in console.desk.sessions.signed_in():
        if session.person is not None and session.person.name == "rea":
            console.desk.sessions.end_named(session.name)
    console.tell(alert(7000, "after the end"))
    page.wait_for_url("**/login")
