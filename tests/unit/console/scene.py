"""A console with a case to decide about, on a log in memory, and people at their browsers."""

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from eth_utils.crypto import keccak
from starlette.testclient import TestClient

from console.app import build
from console.atlas import Atlas
from console.desk import Desk
from console.feed import Feed
from console.identity import Provider
from console.lookup import Lookup
from console.people import Roster
from console.picture import Picture
from console.proofs import Proofs
from console.sessions import Sessions
from console.stream import Stream
from console.trust import Trust
from runtime.broker import Message, Partition, read_all
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.settings_console import ConsoleSettings
from schemas.actions import Action
from schemas.alerts import Alert, Evidence, Reason, Vote
from schemas.base import Record
from schemas.chain import Event
from schemas.ids import content_id, incident_id
from schemas.incidents import Hop, Incident, Measure, Progress, Recovery, Sighting, Turn
from schemas.manifest import Manifest
from schemas.readiness import PreparedBrake, Readiness
from schemas.topics import TOPICS
from tests.clock import ManualClock
from tests.people import NOW, signature_of_text, wallet

URL = "https://console.example.org"
CHAIN = "eip155:1"
POOL = "0x" + "1a" * 20
TX = "0x" + "ab" * 32
CASE = incident_id(CHAIN, "meadow", TX)

ROLES = {"vic": "viewer", "rea": "responder", "ana": "approver", "ben": "approver", "ada": "admin"}
"""People by what they may do; each has a wallet of that name."""


class Clock(ManualClock):
    """A clock that stands at the scene's moment until it is moved."""

    def __init__(self, seconds: float = NOW) -> None:
        super().__init__(seconds)


def settings(**others: Any) -> ConsoleSettings:
    people = [
        {"name": name, "role": role, "wallets": [wallet(name).address], "subjects": [f"sub-{name}"]}
        for name, role in ROLES.items()
    ]
    return ConsoleSettings.model_validate({"url": URL, "people": people} | others)


MANIFEST = Manifest.model_validate(
    {
        "protocol": "meadow",
        "name": "Meadow, a lending pool",
        "chain": CHAIN,
        "contracts": [{"address": POOL, "role": "pool", "name": "LendingPool"}],
        "tokens": [{"address": "0x" + "70" * 20, "symbol": "AUSD", "decimals": 6}],
        "halt": {
            "prior": 0.001,
            "false_halt_cost": 50_000,
            "value_exposed": 2_000_000,
            "loss_per_second": 16_000,
        },
        "brakes": [{"name": "pause-pool", "adapter": "gate", "target": POOL}],
    }
)


def alert(number: int = 1, text: str = "a price moved", **others: Any) -> Alert:
    given: dict[str, Any] = {
        "id": content_id("alert", number),
        "chain": CHAIN,
        "protocol": "meadow",
        "set": "core",
        "phase": "head",
        "block": 1000 + number,
        "block_hash": "0x" + "0b" * 32,
        "timestamp": NOW - 60,
        "index": 0,
        "tx": TX,
        "score": 6.0,
        "p_value": 1e-6,
        "budget": 0.0025,
        "severity": "critical",
        "summary": text,
        "votes": (
            Vote(
                detector="price-move",
                version="1",
                score=6.0,
                p_value=1e-6,
                tail="empirical",
                learned=1000,
                alerted=True,
                technique="ADT3012.004",
                reasons=(
                    Reason(
                        feature=f"price_move:{POOL}{POOL[2:]}",
                        observed=3.0,
                        expected=1.0,
                        distance=9.0,
                        unit="ratio",
                        text=f"{text}: three times as high",
                    ),
                ),
                evidence=(Evidence(what="the swap", log=3),),
            ),
        ),
    }
    return Alert(**given | others)


def case(text: str = "a price moved", **others: Any) -> Incident:
    given: dict[str, Any] = {
        "id": CASE,
        "chain": CHAIN,
        "protocol": "meadow",
        "phase": "recover",
        "severity": "critical",
        "summary": text,
        "opened": NOW - 60,
        "latest": NOW - 50,
        "sightings": (
            Sighting(
                alert=content_id("alert", 1),
                set="core",
                tx=TX,
                block=1001,
                score=6.0,
                severity="critical",
                summary=text,
            ),
        ),
        "measures": (
            Measure(
                action=content_id("action", 1),
                state="final",
                adapter="gate",
                target=f"{CHAIN}:{POOL}",
                reason="mined",
            ),
        ),
        "hops": {"received": (NOW - 60) * 10**6, "scored": (NOW - 60) * 10**6 + 8000},
    }
    return Incident(**given | others)


def action(state: str, number: int = 0, **others: Any) -> Action:
    """A step of the brake that the alert asked for."""
    given: dict[str, Any] = {
        "id": content_id("step", number),
        "action": content_id("action", 1),
        "step": number,
        "state": state,
        "chain": CHAIN,
        "protocol": "meadow",
        "incident": CASE,
        "alert": content_id("alert", 1),
        "adapter": "gate",
        "target": f"{CHAIN}:{POOL}",
        "calldata": "0x8456cb59",
        "scope": "T2",
        "reason": "it pays",
    }
    return Action(**given | others)


def readiness(**others: Any) -> Readiness:
    given: dict[str, Any] = {
        "id": content_id("readiness", 1),
        "chain": CHAIN,
        "protocol": "meadow",
        "block": 1000,
        "time": NOW,
        "armed": True,
        "brakes": (
            PreparedBrake(
                brake="pause-pool",
                adapter="gate",
                scope="T2",
                target=f"{CHAIN}:{POOL}",
                calldata="0x8456cb59",
                release="the Safe; never this automation",
                also_stops=("borrowing",),
                rehearsed=NOW - 30,
            ),
        ),
        "brakes_left": 1,
        "brakes_per_window": 1,
        "window_seconds": 86_400,
        "heartbeat": NOW - 100,
        "authority_until": NOW + 3600,
    }
    return Readiness(**given | others)


def turn(place: int, event: str, time: int | None, signer: str = "") -> Recovery:
    said = Turn(place=place, event=event, signer=signer, time=time)
    return Recovery(
        id=content_id("recovery", place, event, str(time)),
        chain=CHAIN,
        protocol="meadow",
        incident=CASE,
        progress=Progress(number=place, phase="respond", released=0, block=1000),
        turn=said,
    )


def on_chain(
    signature: str, block: int = 7, time: int = NOW, contract: str = POOL, data: str = "0x"
) -> Event:
    return Event(
        id=content_id("event", signature, contract, block),
        chain=CHAIN, block=block, block_hash="0x" + "0b" * 32, timestamp=time, tx=TX, index=0,
        log=0, contract=contract, protocol="meadow", data=data,
        topics=("0x" + keccak(text=signature).hex(),),
    )  # fmt: skip


class Console:
    """The application, and what it stands on."""

    def __init__(
        self,
        own: ConsoleSettings | None = None,
        provider: Provider | None = None,
        log: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        trust: Trust | None = None,
        manifest: Manifest = MANIFEST,
    ) -> None:
        self.clock, self.metrics = clock or Clock(), Metrics()
        self.broker = MemoryBroker()
        self.broker.create(TOPICS.values())
        self.settings = own or settings()
        picture, trust = Picture(), trust or Trust()
        self.desk = Desk(
            settings=self.settings,
            url=self.settings.url or URL,
            picture=picture,
            trust=trust,
            atlas=Atlas({"meadow": manifest}),
            feed=Feed(self.broker, picture, trust, self.metrics, self.clock),
            stream=Stream(self.metrics),
            sessions=Sessions(
                self.clock, self.settings.idle_seconds, self.settings.session_seconds
            ),
            roster=Roster(self.settings),
            provider=provider,
            lookup=Lookup(self.broker),
            proofs=Proofs(self.settings.log_url, self.clock, log),
            producer=self.broker.producer(),
            clock=self.clock,
            metrics=self.metrics,
        )
        self.desk.feed.caught_up = True
        self.desk.feed.looked = self.clock.monotonic() + 10**9
        self.app = build(self.desk)

    def show(self, *records: Record, hops: Mapping[Hop, int] | None = None) -> None:
        """Let it have read these."""
        for record in records:
            self.desk.picture.take(record, hops or {})

    def browser(self) -> TestClient:
        """A browser that has been nowhere yet."""
        return TestClient(
            self.app,
            base_url=self.desk.url,
            follow_redirects=False,
            raise_server_exceptions=False,
            headers={"sec-fetch-site": "same-origin"},
        )

    def sign_in(self, name: str) -> TestClient:
        """Return a browser in which somebody signed in with their wallet."""
        browser = self.browser()
        page = browser.get("/login")
        page = browser.post(
            "/login/wallet",
            data={"csrf": csrf_in(page), "address": wallet(name).address, "chain": CHAIN},
        )
        assert page.status_code == 200, page.text
        answer = sign_challenge(browser, page, name)
        assert answer.status_code == 303, answer.text
        return browser

    def sign_in_by_provider(self, name: str) -> TestClient:
        """Return a browser in which somebody came by an identity provider."""
        person = self.desk.roster.by_subject("https://login.example.org", f"sub-{name}", ())
        cookie, _ = self.desk.sessions.begin(person)
        browser = self.browser()
        browser.cookies.set(self.desk.cookie, cookie, domain=urlsplit(self.desk.url).hostname or "")
        return browser

    def written(self, topic: str) -> list[bytes]:
        """What is on a topic."""
        found: list[bytes] = []

        def take(message: Message) -> None:
            found.append(message.value or b"")

        for number in range(TOPICS[topic].partitions):
            read_all(self.broker, Partition(topic, number), take)
        return found


def csrf_in(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def message_in(page: httpx.Response) -> str:
    """What a wallet is asked to sign, as a browser's `textContent` gives it."""
    found = re.search(r'<pre id="to-sign"[^>]*>(.*?)</pre>', page.text, re.DOTALL)
    assert found is not None, page.text
    return html.unescape(found[1])


def action_in(page: httpx.Response, start: str) -> str:
    found = re.search(rf'action="({start}[^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


def sign_challenge(browser: TestClient, page: httpx.Response, name: str) -> httpx.Response:
    answer: httpx.Response = browser.post(
        action_in(page, "/login/wallet/"),
        data={"csrf": csrf_in(page), "signature": signature_of_text(message_in(page), name)},
    )
    return answer
