"""The demo's attack in a real browser: it appears, two people decide, and people release.

Kafka, node and every service are real; the console holds no key, the Safe's owners do.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from playwright.sync_api import Browser, Page
from typer.testing import CliRunner

from cli.demo import BENIGN
from cli.main import app
from runtime.settings import load
from sandbox.demo.play import Play
from sandbox.demo.stage import WATCHED, Plan, Stage
from sandbox.demo.story import Story
from sandbox.evm import Account, Call, Chain
from sandbox.safe import approved
from tests.browser import browsing, live, opened, overflow
from tests.keyboard import Hands, sign_in_by_wallet
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]


@pytest.fixture
def stage(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("c")  # short enough for sockets
    plan = Plan(
        folder=folder, cache=load().cache, scenario="spot-oracle", armed=True, services=WATCHED
    )
    with Stage(plan, report=lambda _line: None) as stage:
        stage.start()
        monkeypatch.setenv("FIREBREAK_PROTOCOLS", str(folder / "protocols"))
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stage.addresses["Kafka"])
        endpoints = orjson.dumps([str(stage.node.ipc)]).decode()
        monkeypatch.setenv("FIREBREAK_RESPOND__ENDPOINTS", endpoints)
        yield stage


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


class Recovery:
    """People who lead the pool back by their Safe, with `firebreak recover`."""

    def __init__(self, stage: Stage, case: str) -> None:
        self.world, self.chain = stage.world, Chain(stage.node)
        self.owners = [self.world.accounts[f"owner-{number}"] for number in (1, 2)]
        self.plan = stage.plan.folder / "back.toml"
        pool, gate = self.world.pool.address, self.world.gate.address
        role = "0x" + keccak(text="PAUSER_ROLE").hex()
        self.plan.write_text(
            f'case = "{case}"\nprotocol = "meadow"\nchain = "eip155:{self.world.chain_id}"\n'
            'brake = "pause-pool"\ngreen_blocks = 1\n'
            f'[safe]\naddress = "{self.world.safe.address}"\n'
            '[[invariants]]\nname = "money-exists"\nrelation = ">="\nright = 1\n'
            f'left = {{ to = "{self.world.tokens.dollar.address}", function = "totalSupply()" }}\n'
            '[fix]\nwords = "Let the gate pause the pool, as before"\n'
            f'calls = [{{ to = "{pool}", function = "grantRole(bytes32,address)", '
            f'arguments = ["{role}", "{gate}"] }}]\n'
            '[[stages]]\ncap = 10000\nwords = "Open in full"\n'
            f'calls = [{{ to = "{pool}", function = "unpause()" }}]\n'
        )

    def say(self, command: str, *arguments: str) -> str:
        result = CliRunner().invoke(app, ["recover", command, str(self.plan), *arguments])
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    def stage(self) -> list[dict[str, Any]]:
        """Put the next step before the signers; everybody is told of it."""
        rows: list[dict[str, Any]] = orjson.loads(self.say("propose", "--json"))["transactions"]
        return rows

    def carry_out(self, rows: list[dict[str, Any]]) -> None:
        """Let two owners sign, anybody send, and the chain show that it was done."""
        for owner in self.owners:
            self.say("approve", *(_signed(row["typed"], owner) for row in rows))
        sent = []
        for row in rows:
            terms = row["typed"]["message"]
            call = Call(to=terms["to"], data=bytes.fromhex(terms["data"][2:]))
            safe = self.world.safe
            made = approved(safe, self.owners, call, int(terms["nonce"]), self.chain.id)
            sent.append(self.chain.send(self.world.accounts["owner-3"], made))
            self.chain.settle(sent[-1:])
        self.say("done", *sent)
        for _ in range(2):
            self.chain.mine()
            self.say("watch")
        self.say("publish")


def _signed(typed: dict[str, Any], owner: Account) -> str:
    message = encode_typed_data(full_message=typed)
    return "0x" + bytes(owner.signer.sign_message(message).signature).hex()


def by_provider(browser: Browser, url: str, name: str) -> Page:
    page = opened(browser)
    page.goto(f"{url}/login")
    hands = Hands(page)
    hands.enter(page.locator("text=Go to the identity provider"))
    page.locator(f"a:text-is('{name}')").press("Enter")  # a page of the provider's
    live(page)
    return page


def by_wallet(browser: Browser, url: str, account: Account) -> Page:
    page = opened(browser, account.signer, phone=True)
    sign_in_by_wallet(page, url)
    return page


def proposed(page: Page, words: str) -> None:
    """Propose the release that `firebreak recover` staged, by the keyboard alone."""
    live(page)
    hands = Hands(page)
    hands.press("p")
    page.wait_for_url("**/propose")
    hands.past_the_top()
    hands.reach(page.locator("input[name=matter]").first)
    hands.press("ArrowUp")
    assert page.locator("input[value=release]").is_checked()
    hands.reach(page.locator("#words"))
    hands.write(words)
    hands.enter(page.locator("button:has-text('Look at it')"))
    page.wait_for_selector("text=You are about to propose")
    assert "unpause()" in (page.text_content("main") or "")
    hands.enter(page.locator("button:has-text('Publish')"))
    page.wait_for_selector("text=You proposed it: a second person answers")


def answered(page: Page, key: str, words: str) -> None:
    """Answer what waits on the newest case, by the keyboard alone."""
    hands = Hands(page)
    hands.press("g", "c")
    page.wait_for_url("**/cases")
    hands.reach(page.locator("ol.cases > li").first, "j")
    hands.press("Enter")
    page.wait_for_selector(".decision.state-open")
    live(page)
    hands.answer(key, words)
    page.wait_for_selector(f"text=You are about to {'approve' if key == 'y' else 'veto'}")
    hands.enter(page.locator("text=Sign with the wallet and publish"))
    page.wait_for_selector(f"article >> text={words}")


def taken_in_hand(page: Page) -> None:
    """Press one key on a case; the keeper of cases and the timeline say who has it."""
    live(page)
    page.keyboard.press("a")
    page.wait_for_selector("text=rea has it in hand, as")
    page.wait_for_selector("li.kind-acknowledgement >> text=(rea)")


def proved(page: Page, stage: Stage) -> None:
    """Every line is in the transparency log, and a proof that is taken away checks without it."""
    lines = page.locator("ol.timeline > li")
    unproved = lines.filter(has_not_text="under the checkpoint")
    until(lambda: unproved.count() == 0 < lines.count())
    assert lines.count() >= 5
    lines.filter(has_text="Brake authorised").locator(".proof a").click()
    with page.expect_download() as taken:
        page.click("text=Take the proof away")
    assert stage.record is not None
    command = ["audit", "check", str(taken.value.path()), "--key", stage.record.key]
    checked = CliRunner().invoke(app, command)
    assert checked.exit_code == 0, checked.output
    assert "authorised" in checked.output


def prepared(page: Page) -> None:
    """The demo's plan: armed, rehearsed lately, one brake of its budget spent, how its gate is kept
    alive and until when it obeys."""
    Hands(page).press("g", "b")
    page.wait_for_url("**/plans")
    page.wait_for_selector("#brake-meadow-pause-pool >> text=rehearsed at")
    plan = page.locator("section.plan[aria-labelledby=plan-meadow]")
    assert plan.count() == page.locator("section.plan").count() == 1
    told = plan.text_content() or ""
    assert "yes: brakes are signed and sent" in told
    found = re.search(r"(\d+) of (\d+) brakes? left in", told)
    assert found is not None, told
    assert int(found[1]) == int(found[2]) - 1
    assert re.search(r"Heartbeat\s*(last mined|none since the responder started)", told), told
    assert re.search(r"Authority\s*lapses in .* unless a heartbeat renews it", told), told
    card = page.locator("#brake-meadow-pause-pool").text_content() or ""
    assert "T2: pauses one pool" in card
    assert "pause()" in card


def what_is_signed(page: Page) -> list[dict[str, Any]]:
    """Take from an approved proposal what the Safe's owners sign."""
    with page.expect_download() as taken:
        Hands(page).enter(page.locator("text=Take what the Safe's owners sign"))
    rows: list[dict[str, Any]] = orjson.loads(taken.value.path().read_bytes())["transactions"]
    return rows


def test_the_attack_appears_is_approved_and_is_released(stage: Stage, browser: Browser) -> None:
    url = stage.addresses["console"]
    rea = by_provider(browser, url, "rea")
    rea.evaluate("window.same = true")
    outcome = Play(stage, Story(stage.plan.scenario, armed=True)).run(BENIGN)
    assert outcome.succeeded, outcome.failures

    # It appeared, while nobody touched the page.
    rea.wait_for_selector("#protocol-meadow.level-recover")
    assert rea.evaluate("window.same")
    assert rea.locator("ol.alerts > li").count() >= 1
    hands = Hands(rea)
    hands.reach(rea.locator("ol.alerts > li").first, "j")
    rea.wait_for_selector("ol.alerts > li:first-child [data-item-key=o]", state="attached")
    hands.press("Enter", "o")
    rea.wait_for_url("**/cases/*")
    case = rea.url.rpartition("/")[2]
    rea.wait_for_selector("svg.flows >> text=LendingPool")
    assert "Brake final" in (rea.text_content("main") or "")

    taken_in_hand(rea)
    proved(rea, stage)
    prepared(rea)
    rea.goto(f"{url}/cases/{case}")

    # People lead it back; what each owner signs is on the page.
    recovery = Recovery(stage, case)
    recovery.say("open", "--evidence", "T2")
    recovery.say("cause", "The pool trusted the spot price of one pair.")
    recovery.carry_out(recovery.stage())
    rows = recovery.stage()
    rea.wait_for_selector(f"text={rows[0]['hash']}")

    # One proposes, on the console's word; another vetoes, and approves what is proposed next, with
    # a wallet, on a telephone. Nobody touches a mouse.
    proposed(rea, "The fix is in.")
    ben = by_wallet(browser, url, stage.world.accounts["owner-2"])
    answered(ben, "v", "Say how the invariants stand.")
    rea.wait_for_selector(".state-vetoed >> text=Say how the invariants stand.")
    proposed(rea, "The fix is in, and the invariants are green.")
    answered(ben, "y", "I looked at them too.")
    assert overflow(ben) == 0
    rea.wait_for_selector(".state-approved >> text=execute it with your Safe")
    assert bool(Chain(stage.node).read(stage.world.pool, "paused")[0]), "the console released it"

    # People release it by what the approval gave them, and the page says so.
    given = what_is_signed(rea)
    assert [row["hash"] for row in given] == [row["hash"] for row in rows]
    recovery.carry_out(given)
    assert not Chain(stage.node).read(stage.world.pool, "paused")[0]
    rea.wait_for_selector("li[aria-current=step]:has-text('Closed')")
    assert "100 % released" in (rea.text_content("main") or "")
