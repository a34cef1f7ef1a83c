"""Signals on their way out: to whom they may go, and again until they arrive."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from neighbours.courier import MOST_WAITING, Post, Route, Way, carrying, https
from neighbours.subscribers import Subscriber, load
from runtime.metrics import Metrics
from schemas.codec import encode
from schemas.errors import ConfigurationError
from schemas.signals import TLPS
from tests.clock import ManualClock
from tests.unit.neighbours.examples import NOW, signal
from tests.waiting import until

URL = "https://orchard.example/signals"


def subscriber(**changes: Any) -> Subscriber:
    return Subscriber(**{"name": "orchard", "url": URL, "clearance": "amber"} | changes)


def route(post: Post, metrics: Metrics | None = None, **changes: Any) -> Route:
    return Route(
        subscriber(**changes), Way(post, unreached), ManualClock(NOW), metrics or Metrics()
    )


def unreached(_url: str) -> bool:
    return False


def carried(metrics: Metrics, outcome: str) -> float:
    labels = {"neighbour": "orchard", "outcome": outcome}
    return metrics.registry.get_sample_value("firebreak_carried_total", labels) or 0.0


def answering(status: int) -> Post:
    return lambda _url, _body: status


def absent(_url: str, _body: bytes) -> int:
    raise OSError("nobody there")


@pytest.mark.parametrize(
    ("post", "done", "outcome"),
    [
        (answering(202), True, "delivered"),
        (answering(409), True, "delivered"),
        (answering(400), True, "refused"),
        (answering(403), True, "refused"),
        (answering(301), False, "failed"),
        (answering(429), False, "failed"),
        (answering(500), False, "failed"),
        (absent, False, "failed"),
    ],
)
def test_what_an_answer_means(post: Post, done: bool, outcome: str) -> None:  # noqa: FBT001 - what is compared
    metrics = Metrics()
    assert route(post, metrics).deliver(signal()) is done
    assert carried(metrics, outcome) == 1


def test_what_has_expired_is_given_up() -> None:
    metrics = Metrics()
    assert route(answering(202), metrics).deliver(signal(expiry=NOW))
    assert carried(metrics, "given_up") == 1


@pytest.mark.parametrize("form", ["signal", "stix"])
def test_it_comes_in_the_form_that_was_asked_for(form: str) -> None:
    sent: list[bytes] = []

    def post(url: str, body: bytes) -> int:
        assert url == URL
        sent.append(body)
        return 202

    route(post, form=form).deliver(signal())
    if form == "signal":
        assert sent == [encode(signal())]
    else:
        assert json.loads(sent[0])["type"] == "bundle"


def test_a_marking_keeps_it_from_whom_it_is_not_for() -> None:
    metrics = Metrics()
    queue = route(answering(202), metrics, clearance="green")
    for number, tlp in enumerate(TLPS):
        queue.offer(signal(seq=number, tlp=tlp))
    assert [one.tlp for one in queue._waiting] == ["clear", "green"]
    assert carried(metrics, "withheld") == 3


def test_a_queue_is_bounded_and_the_oldest_is_given_up() -> None:
    metrics = Metrics()
    queue = route(absent, metrics)
    for seq in range(MOST_WAITING + 3):
        queue.offer(signal(seq=seq))
    assert [queue._waiting[0].seq, len(queue._waiting)] == [3, MOST_WAITING]
    assert carried(metrics, "given_up") == 3


def test_one_that_does_not_answer_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neighbours.courier.FIRST_WAIT", 0.01)
    stuck, tries, sent = threading.Event(), list[str](), list[str]()

    def post(url: str, _body: bytes) -> int:
        if "stuck" in url:
            assert stuck.wait(10)
            return 202
        tries.append(url)
        if len(tries) == 1:
            raise OSError("not yet")
        sent.append(url)
        return 202

    others = (
        subscriber(name="stuck", url="https://stuck.example/"),
        subscriber(name="quick"),
    )
    with carrying(others, ManualClock(NOW), Metrics(), Way(post, unreached)) as offer:
        offer(signal())
        until(lambda: sent == [URL])
        stuck.set()


def test_an_address_that_nobody_answers_is_an_error_like_any_other() -> None:
    with https() as way, pytest.raises(OSError, match="Connect"):
        way.post("http://127.0.0.1:9/", b"{}")


def test_everyone_is_reached_before_there_is_anything_to_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("neighbours.courier.FIRST_WAIT", 0.01)
    tries: list[str] = []

    def reach(url: str) -> bool:
        tries.append(url)
        return len(tries) == 3

    with carrying([subscriber()], ManualClock(NOW), Metrics(), Way(answering(202), reach)):
        until(lambda: tries == [URL] * 3)


def test_who_was_never_reached_is_told_all_the_same() -> None:
    told: list[str] = []

    def post(url: str, _body: bytes) -> int:
        told.append(url)
        return 202

    with carrying([subscriber()], ManualClock(NOW), Metrics(), Way(post, unreached)) as offer:
        offer(signal())
        until(lambda: told == [URL])


def test_whoever_cannot_be_reached_is_no_error_yet() -> None:
    with https() as way:
        assert not way.reach("http://127.0.0.1:9/")


def test_reaching_leaves_a_connection_that_the_first_warning_takes() -> None:
    connections: list[object] = []

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(self.client_address)
            super().setup()

        def do_HEAD(self) -> None:
            self.send_response(405)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_HEAD()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        with https() as way:
            assert way.reach(url)
            assert way.post(url, b"{}") == 405
        server.shutdown()
    assert len(connections) == 1


# ---------------------------------------------------------------------- who is told


@pytest.mark.parametrize(
    "url",
    ["http://orchard.example/", "ftp://x/", "https://", "orchard.example", "http://10.0.0.1/"],
)
def test_only_https_leaves_this_machine(url: str) -> None:
    with pytest.raises(ValidationError):
        subscriber(url=url)
    assert subscriber(url="http://127.0.0.1:8000/signals").clearance == "amber"


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "subscribers.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_subscribers_are_read(tmp_path: Path) -> None:
    text = f'[[subscribers]]\nname = "orchard"\nurl = "{URL}"\nform = "stix"\n'
    (found,) = load(written(tmp_path, text))
    assert (found.name, found.clearance, found.form) == ("orchard", "green", "stix")
    assert URL not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "[[subscribers]]\n",
        f'[[subscribers]]\nname = "a"\nurl = "{URL}"\n' * 2,
        f'[[subscribers]]\nname = "a"\nurl = "{URL}"\nclearance = "white"\n',
        "subscribers = 3",
        "=",
    ],
)
def test_a_mistake_is_told_without_the_address(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(written(tmp_path, text))
    assert "subscribers.toml" in str(error.value)
    assert URL not in str(error.value)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="read by others"):
        load(written(tmp_path, "", mode=0o644))
