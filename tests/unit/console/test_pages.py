"""What pages show, and to whom."""

import html
import re

import msgspec
import pytest

from schemas.actions import Term
from schemas.chain import Flow, Transaction
from schemas.decisions import Request
from schemas.incidents import Checklist, Progress, Recovery, Signing, Task
from tests.unit.console.scene import (
    CASE,
    CHAIN,
    POOL,
    TX,
    Console,
    action,
    alert,
    case,
    readiness,
)


@pytest.fixture
def console() -> Console:
    console = Console()
    console.show(alert(), case(), readiness())
    return console


def words(text: str) -> str:
    """The text of a page, without its markup."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


HOSTILE = '"><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}\u202egnp\u200b\x1b[31m'


def test_text_from_a_chain_is_escaped_wherever_it_is_shown() -> None:
    console = Console()
    console.show(alert(text=HOSTILE, protocol="meadow"), case(HOSTILE), readiness())
    browser = console.sign_in("ana")
    for path in ("/", "/cases", f"/cases/{CASE}", f"/cases/{CASE}/propose"):
        text = browser.get(path).text
        assert "&lt;script&gt;alert(1)" in text
        assert "<img" not in text
        assert "<script>alert" not in text
        assert "49" not in text.partition("<main")[2].partition("onerror")[2][:200]
        assert not set(text) & {"\u202e", "\u200b", "\x1b"}


def linked(link: str) -> str:
    console = Console()
    console.show(msgspec.structs.replace(alert(), link=link), case(), readiness())
    browser = console.sign_in("ana")
    return f"{browser.get('/').text}{browser.get(f'/cases/{CASE}').text}"


def test_an_alert_leads_to_its_transaction_in_the_explorer() -> None:
    page = f"https://etherscan.io/tx/{TX}"
    assert linked(page).count(f'href="{page}" target="_blank" rel="noreferrer noopener"') == 2


@pytest.mark.parametrize("link", ["", "javascript:alert(1)", f"https://e.org/tx/{HOSTILE}"])
def test_what_is_no_page_is_not_offered(link: str) -> None:
    assert "noreferrer" not in linked(link)


def test_a_region_is_the_part_of_its_page(console: Console) -> None:
    browser = console.sign_in("vic")
    for path, region in (
        ("/", "pages"),
        ("/", "map"),
        ("/", "alerts"),
        ("/cases", "cases"),
        ("/plans", "plans"),
        ("/signals", "signals"),
        ("/risk", "risk"),
        ("/contracts", "contracts"),
        (f"/cases/{CASE}", f"trail:{CASE}"),
        (f"/cases/{CASE}", f"case:{CASE}"),
        (f"/cases/{CASE}/flows", f"flows:{CASE}"),
    ):
        whole = browser.get(path).text
        part = browser.get(path, headers={"x-region": region}).text
        assert "<html" not in part
        assert part.strip() in whole


@pytest.mark.parametrize("region", ["nothing", "../base", "map/../../base", "", "x" * 50])
def test_no_other_part_can_be_had(console: Console, region: str) -> None:
    answer = console.sign_in("vic").get("/", headers={"x-region": region})
    assert answer.status_code == 404
    assert "There is no such region" in answer.text


def test_the_watch_says_how_a_protocol_stands(console: Console) -> None:
    shown = words(console.sign_in("vic").get("/").text)
    assert "■ Braked" in shown
    assert "Open case: critical, 1 alert" in shown
    assert "1 of 1 brake left" in shown


def test_alerts_of_one_protocol(console: Console) -> None:
    console.show(alert(2, "elsewhere", protocol="orchard"))
    browser = console.sign_in("vic")
    assert "elsewhere" in browser.get("/").text
    only = browser.get("/?protocol=meadow").text
    assert "elsewhere" not in only
    assert "a price moved" in only


def test_a_page_shows_the_newest_alerts_and_says_how_many_more() -> None:
    console = Console()
    console.show(*(alert(number) for number in range(200)))
    shown = console.sign_in("vic").get("/").text
    assert shown.count('class="alert ') == 50
    assert "and 150 older ones" in shown


def test_a_case_tells_what_its_brakes_did_and_by_which_numbers(console: Console) -> None:
    console.show(
        action(
            "final",
            1,
            reason="mined in block 7; the target is braked",
            terms=(Term(name="posterior", value=0.97),),
            tx="0x" + "be" * 32,
        )
    )
    shown = words(console.sign_in("vic").get(f"/cases/{CASE}").text)
    assert "gate: Brake final" in shown
    assert "pause()" in shown
    assert "posterior = 0.97" in shown
    assert "A brake holds" in shown


def test_a_brake_whose_steps_are_too_old_is_told_by_its_case(console: Console) -> None:
    shown = words(console.sign_in("vic").get(f"/cases/{CASE}").text)
    assert "gate: Brake final" in shown
    assert "older than this console reads back" in shown


def test_a_recovery_shows_what_each_signer_signs(console: Console) -> None:
    signing = Signing(
        digest="0x" + "d1" * 32,
        decider="safe",
        executor=f"{CHAIN}:0x{'5a' * 20}",
        calls=(Request(to=POOL, function="unpause()", calldata="0x3f4ba83a"),),
        hashes=("0x" + "a7" * 32,),
        nonce=4,
    )
    checklist = Checklist(
        tasks=(Task(words="Fix it", done=True), Task(words="Open in full", done=False)),
        missing=("1 more of 3 signers approve",),
        signers=(f"{CHAIN}:0x{'11' * 20}", f"{CHAIN}:0x{'22' * 20}"),
        quorum=2,
        approvals=(f"{CHAIN}:0x{'11' * 20}",),
        staged=signing,
    )
    progress = Progress(number=1, phase="recover", released=1000, cause="a spot price", block=9)
    console.show(
        Recovery(
            id="f" * 64,
            chain=CHAIN,
            protocol="meadow",
            incident=CASE,
            progress=progress,
            checklist=checklist,
        )
    )
    shown = words(console.sign_in("vic").get(f"/cases/{CASE}").text)
    for part in ("10 % released", "a spot price", "done: Fix it", "to do: Open in full",
                 "1 more of 3 signers approve", "nonce 4: 0x" + "a7" * 32, "unpause()",
                 "1 of 2 needed", "agreed", "has not agreed"):  # fmt: skip
        assert part in shown, part


def test_the_flows_are_drawn_and_told_in_a_table(console: Console) -> None:
    thief = "0x" + "99" * 20
    console.desk.lookup._known[TX] = Transaction(
        id="0" * 64,
        chain=CHAIN,
        protocol="meadow",
        block=1,
        block_hash="",
        timestamp=1,
        index=0,
        tx=TX,
        seen=("flows",),
        sender=thief,
        flows=(Flow(token="0x" + "70" * 20, sender=POOL, to=thief, amount="200000000000"),),
    )
    page = console.sign_in("vic").get(f"/cases/{CASE}/flows").text
    assert "<svg" in page
    assert page.count("200,000.00 AUSD") == 2
    assert "LendingPool" in page


def test_where_nothing_is_known_the_pages_say_so() -> None:
    browser = Console().sign_in("vic")
    assert "No protocol is known yet" not in browser.get("/").text, "its manifest is"
    assert "Nothing known" in browser.get("/").text
    assert "No alert" in browser.get("/").text
    assert "No case" in browser.get("/cases").text
    assert "No responder has said anything" in browser.get("/plans").text
    assert browser.get("/cases/" + "a" * 64).status_code == 404
    assert browser.get("/proof/short").status_code == 404


def test_pages_say_when_they_may_be_out_of_date(console: Console) -> None:
    browser = console.sign_in("vic")
    assert "no answer from Kafka" not in browser.get("/").text
    console.desk.feed.looked = console.clock.monotonic() - 42
    assert "no answer from Kafka for 42 s" in browser.get("/").text
    console.desk.feed.caught_up = False
    assert "not complete yet" in browser.get("/").text


def test_the_chart_s_numbers(console: Console) -> None:
    minutes, counts = console.sign_in("vic").get("/rates").json()
    assert len(minutes) == len(counts) == 60
    assert sum(counts) == 1
