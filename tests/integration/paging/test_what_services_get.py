"""What Slack, Telegram and PagerDuty are sent: by Apprise, over TLS, to what stands in for them.

Only where their names lead is ours: the addresses, the bodies and the checks are the library's, but
for what tells PagerDuty that somebody has a case in hand.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import urllib3.util.connection
from msgspec.structs import replace
from pydantic import SecretStr

from paging.channels import channel
from paging.pages import after_case
from paging.words import Line, of_ending, of_page, of_return, of_trouble, together
from schemas.errors import ConfigurationError
from schemas.ids import incident_id
from schemas.incidents import Incident, Sighting
from tests.secured_kafka import Authority
from tests.unit.paging.stand import LADDERS, NOW, Office, case
from tests.waiting import until

CONSOLE = "https://firebreak.example.org"
EXPLORER = "https://etherscan.example"
TX = "0x" + "ab" * 32

ANSWERS = {
    "hooks.slack.com": b"ok",
    "api.telegram.org": b'{"ok": true, "result": {"message_id": 1}}',
    "events.pagerduty.com": b'{"status": "success", "message": "Event processed"}',
}


@dataclass(frozen=True)
class Service:
    """One service: how it is addressed, and what it says that it takes."""

    address: str
    host: str
    path: str
    most: int
    """Characters; its own documentation's."""
    secrets: tuple[str, ...]
    """Of the address. None belongs into what people read."""

    def words(self, body: dict[str, Any]) -> str:
        """Return what people read of a request."""
        match self.host:
            case "hooks.slack.com":
                (one,) = body["attachments"]
                blocks = [
                    block["text"]["text"] for block in one.get("blocks", ()) if "text" in block
                ]
                return "\n".join(blocks or [one["title"], one["text"]])
            case "api.telegram.org":
                return str(body["text"])
            case _:
                return str(body["payload"]["summary"])


_SLACK = ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7")
_BOT = "123456789:abcdefghijklmnopqrstuvwxyz-_ABCDEF"
_ROUTE, _TOKEN = "R0123456789abcdefghijklmnopqrstu", "abcdefghij0123456789"

SERVICES = {
    "slack": Service(
        f"slack://{'/'.join(_SLACK)}/#oncall", "hooks.slack.com",
        "/services/" + "/".join(_SLACK), 40_000, _SLACK,
    ),
    "slack-blocks": Service(
        f"slack://{'/'.join(_SLACK)}/#oncall?blocks=yes", "hooks.slack.com",
        "/services/" + "/".join(_SLACK), 3_000, _SLACK,
    ),
    "telegram": Service(
        f"tgram://{_BOT}/12315544/", "api.telegram.org", f"/bot{_BOT}/sendMessage", 4_096, (_BOT,)
    ),
    "pagerduty": Service(
        f"pagerduty://{_ROUTE}@{_TOKEN}/firebreak/pager", "events.pagerduty.com",
        "/v2/enqueue", 1_024, (_ROUTE, _TOKEN),
    ),
}  # fmt: skip


class StandIn(ThreadingHTTPServer):
    """Answers as each service does, and remembers what it was sent."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.got: list[tuple[str, str, dict[str, Any]]] = []
        service = self

        class Ears(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                host = self.headers["Host"]
                service.got.append((host, self.path, body))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(ANSWERS[host])

            def log_message(self, *_arguments: object) -> None: ...

        super().__init__(("127.0.0.1", 0), Ears)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def services(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn(*authority.issue("services", "", *ANSWERS)) as server:
        connect = urllib3.util.connection.create_connection

        def here(address: tuple[str, int], *rest: Any, **named: Any) -> Any:
            assert address[0] in ANSWERS, f"nobody stands in for {address}"
            return connect(("127.0.0.1", server.server_port), *rest, **named)

        monkeypatch.setattr(urllib3.util.connection, "create_connection", here)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def line(number: int = 1, summary: str = "912 of 1,000 WETH left") -> tuple[str, Line]:
    """A case's id, and the line that people are told about it."""
    seen = Sighting(
        alert="a" * 64, set="core", tx=TX, block=1, score=6.0, severity="critical", summary=summary
    )
    found = replace(
        case(),
        id=incident_id("eip155:1", "meadow", str(number)),
        summary=summary,
        sightings=(seen,),
    )
    page = after_case(None, found, LADDERS, NOW * 1000, 86_400)
    assert page is not None
    return found.id, of_page(page, CONSOLE, EXPLORER)


def tell(service: Service, *lines: Line) -> None:
    """Tell a service."""
    oncall = channel("oncall", SecretStr(service.address))
    assert oncall.tell(together(lines, oncall.room))


def sent(services: StandIn, service: Service, *lines: Line) -> str:
    """Tell a service, and return what people read of it; sent whole, where it belongs."""
    tell(service, *lines)
    ((host, path, body),) = services.got
    assert (host, path) == (service.host, service.path)
    words = service.words(body)
    assert len(words) <= service.most
    for secret in service.secrets:
        assert secret not in words
    return words


@pytest.mark.parametrize("name", SERVICES)
def test_who_is_woken_reads_what_is_wrong_where_and_what_to_do(
    services: StandIn, name: str
) -> None:
    incident, told = line()
    words = sent(services, SERVICES[name], told)
    assert "critical: meadow on eip155:1: 912 of 1,000 WETH left" in words
    assert f"firebreak acknowledge {incident[:12]}" in words
    assert f"{CONSOLE}/cases/{incident}" in words
    assert f"{EXPLORER}/tx/{TX}" in words
    ((_, _, body),) = services.got
    if name == "pagerduty":
        assert body["payload"]["severity"] == "critical"


@pytest.mark.parametrize("name", SERVICES)
def test_a_flood_of_the_longest_is_one_message_that_is_taken_whole(
    services: StandIn, name: str
) -> None:
    lines = [line(number, f"{number} " + "long words " * 45) for number in range(30)]
    words = sent(services, SERVICES[name], *(told for _, told in lines))
    assert "more" in words.splitlines()[-1]
    first = lines[0][0]
    assert f"{CONSOLE}/cases/{first}" in words, "what to do about the worst is whole"
    assert f"{EXPLORER}/tx/{TX}" in words


@pytest.mark.parametrize("name", SERVICES)
def test_a_key_in_what_a_service_says_of_itself_goes_nowhere(services: StandIn, name: str) -> None:
    trouble = (
        "respond of eip155:1 does no work, it waits for a node: "
        "https://ops:pass-word-1@rpc.example.org/v2/k3y0fThe0wner?token=abcdef123 refused, "
        "api_secret=hunter2hunter2"
    )
    words = sent(services, SERVICES[name], of_trouble("respond", trouble, 1), line()[1])
    assert "rpc.example" in words.replace("\N{ONE DOT LEADER}", ".")
    for secret in ("pass-word-1", "k3y0fThe0wner", "abcdef123", "hunter2"):
        assert secret not in words


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"pagerduty"}))
def test_who_has_it_is_told_without_an_alarm(services: StandIn, name: str) -> None:
    page = after_case(None, case(), LADDERS, NOW * 1000, 86_400)
    assert page is not None
    words = sent(services, SERVICES[name], of_ending(replace(page, ended="acknowledged", by="rea")))
    assert "rea has it in hand" in words


PAGERDUTY = SERVICES["pagerduty"]
Event = tuple[str, str]
"""What PagerDuty is to do, and with which incident."""


def events(services: StandIn) -> list[Event]:
    """Return what PagerDuty was sent, all of it for the service of this address."""
    assert all(body["routing_key"] == _ROUTE for _, _, body in services.got)
    return [(body["event_action"], body["dedup_key"]) for _, _, body in services.got]


def key_of(services: StandIn) -> str:
    """Return the incident of the newest event, which is an alarm."""
    step, key = events(services)[-1]
    assert step == "trigger"
    return key


class Told:
    """A pager, some of whose channels are PagerDuty's."""

    def __init__(self, services: StandIn, *names: str) -> None:
        self._services = services
        self._office = Office()
        for name in names:
            self._office.ears[name] = channel(name, SecretStr(PAGERDUTY.address))
        self._office.restart()

    def events(self, many: int, *cases: Incident, seconds: float = 0.0) -> list[Event]:
        """Let time pass with these cases; return the events that come of it, at least so many."""
        before = len(self._services.got)
        self._office.publish(*cases)
        self._office.after(seconds)

        def all_came() -> bool:
            self._office.after()
            telling = any(one.name.startswith("channel-") for one in threading.enumerate())
            return len(self._services.got) >= before + many and not telling

        until(all_came)
        self._office.after()
        return events(self._services)[before:]


def test_pagerduty_has_one_incident_for_each_case_from_its_first_alarm_to_its_end(
    services: StandIn,
) -> None:
    told = Told(services, "phone", "lead")
    one, two = told.events(2, case("0x1"), case("0x2"))
    assert (one[0], two[0]) == ("trigger", "trigger")
    assert one != two
    assert sorted(told.events(2, seconds=300)) == sorted([one, two]), "the next rung"
    assert sorted(told.events(2, seconds=900)) == sorted([one, two]), "and its repetition"
    has = told.events(8, case("0x1", acknowledged="critical"))
    assert {step for step, _ in has} == {"acknowledge"}
    assert told.events(1, seconds=900) == [two], "nobody has the other in hand"
    over = told.events(8, case("0x2", phase="closed"))
    ended = told.events(8, case("0x1", phase="closed", acknowledged="critical"))
    assert {step for step, _ in over + ended} == {"resolve"}
    of_one, of_two = ({key for _, key in found} for found in (ended, over))
    assert of_one == {key for _, key in has}
    assert not of_one & of_two
    assert one[1] in of_one
    assert two[1] in of_two


def test_a_graver_one_is_an_incident_that_nobody_has_in_hand(services: StandIn) -> None:
    told = Told(services, "chat")
    (lesser,) = told.events(1, case(severity="medium"))
    told.events(2, case(severity="medium", acknowledged="medium"))
    (graver,) = told.events(1, case(acknowledged="medium"))
    assert (lesser[0], graver[0]) == ("trigger", "trigger")
    assert lesser[1] != graver[1]
    over = told.events(4, case(phase="closed", acknowledged="medium"))
    assert {("resolve", lesser[1]), ("resolve", graver[1])} <= set(over)


def test_alarms_of_several_cases_together_are_an_incident_that_no_case_ends(
    services: StandIn,
) -> None:
    lines = [line(number)[1] for number in range(3)]
    for one in lines:
        tell(PAGERDUTY, one)
    tell(PAGERDUTY, *lines)
    tell(PAGERDUTY, *reversed(lines))
    (*apart, together_, again) = events(services)
    assert together_ == again, "told again it is the same one"
    assert together_ not in apart
    assert together_[0] == "trigger"


def test_a_trouble_of_firebreak_itself_is_an_incident_that_its_end_resolves(
    services: StandIn,
) -> None:
    tell(PAGERDUTY, of_trouble("detect", "detect is silent for 45 s", 0))
    key = key_of(services)
    tell(PAGERDUTY, of_trouble("detect", "detect is silent for 345 s", 1))
    assert key_of(services) == key
    tell(PAGERDUTY, of_trouble("respond", "respond is silent for 45 s", 0))
    assert key_of(services) != key
    tell(PAGERDUTY, of_return("detect", "detect"))
    assert events(services)[-1] == ("resolve", key)


def test_a_key_and_an_action_of_the_address_do_not_end_what_goes_on(services: StandIn) -> None:
    told = line()[1]
    tell(PAGERDUTY, told)
    forced = f"{PAGERDUTY.address}?dedup=everything&action=resolve"
    oncall = channel("oncall", SecretStr(forced))
    assert oncall.tell(together([told], oncall.room))
    first, second = events(services)
    assert first == second


def test_pagerduty_shares_a_channel_with_nobody() -> None:
    both = f"{PAGERDUTY.address}, json://127.0.0.1/path"
    with pytest.raises(ConfigurationError, match="of its own"):
        channel("oncall", SecretStr(both))
