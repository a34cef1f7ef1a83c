"""Every service a process, on a real broker and node: whichever falls silent, people hear of it
within two periods; and when the pager itself does, somebody outside notices."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from runtime.signatures import generate
from sandbox.process import ChildProcess
from schemas.codec import decode
from schemas.operations import Beat
from schemas.topics import BEATS, TOPICS
from tests.integration.paging.ears import Webhooks, webhooks
from tests.integration.responders.place import Place
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]

PERIOD = 4.0
"""Seconds; short for the test. The half period between silence and its page is room for a machine
that is busy with others."""

FIREBREAK = str(Path(sys.executable).with_name("firebreak"))


@pytest.fixture
def hooks() -> Iterator[Webhooks]:
    with webhooks() as server:
        yield server


@pytest.fixture
def start(
    place: Place,
    broker: KafkaBroker,
    bootstrap: str,
    namespace: str,
    tmp_path: Path,
    hooks: Webhooks,
) -> Iterator[Callable[..., ChildProcess]]:
    broker.create(TOPICS.values())
    place.world.write_manifest(tmp_path / "protocols", "spot-oracle")
    node = json.dumps([str(place.node.ipc)])
    environment = {
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_KAFKA__NAMESPACE": namespace,
        "FIREBREAK_HOME": str(tmp_path / "home"),
        "FIREBREAK_PROTOCOLS": str(tmp_path / "protocols"),
        "FIREBREAK_EVM__ENDPOINTS": node,
        "FIREBREAK_RESPOND__ENDPOINTS": node,
        "FIREBREAK_DETECT__SIGNING_KEY": str(generate(tmp_path / "keys", "detector")),
        "FIREBREAK_HEALTH__BEAT_SECONDS": str(PERIOD),
        "FIREBREAK_PAGING__URLS": json.dumps({"chat": hooks.url("chat")}),
        "FIREBREAK_PAGING__LADDERS": json.dumps({"critical": [{"tell": ["chat"]}]}),
        "FIREBREAK_PAGING__WATCH": '["ingest", "detect", "respond"]',
        "FIREBREAK_PAGING__OUTWARD_URL": f"http://127.0.0.1:{hooks.server_port}/ping",
    }
    started: list[ChildProcess] = []

    def run(*arguments: str) -> ChildProcess:
        log = tmp_path / f"{arguments[0]}-{len(started)}.log"
        started.append(ChildProcess([FIREBREAK, *arguments], log, environment=environment))
        return started[-1]

    yield run
    for process in started:
        process.kill()


def heard(place: Place, broker: KafkaBroker) -> set[str]:
    """Which services have told that they work."""
    found: set[str] = set()

    def take(message: Message) -> None:
        beat = decode(message.value or b"", Beat)
        if not beat.waiting:
            found.add(beat.service)

    place.node.rpc("evm_mine")
    read_all(broker, Partition(BEATS.name, 0), take)
    return found


def test_whichever_service_falls_silent_people_hear_of_it_within_two_periods(
    place: Place, broker: KafkaBroker, start: Callable[..., ChildProcess], hooks: Webhooks
) -> None:
    ingest, detect, respond = start("ingest", "evm"), start("detect"), start("respond")
    until(lambda: heard(place, broker) == {"ingest", "detect", "respond"}, patience=90)
    pager = start("page")
    until(lambda: hooks.pings >= 2, patience=90)
    assert not any("silent" in told for told in hooks.of("chat"))

    def pages_of(service: str) -> list[str]:
        place.node.rpc("evm_mine")
        return [told for told in hooks.of("chat") if f"{service} is silent" in told]

    for service, silence in (
        ("ingest", ingest.kill),
        ("respond", respond.kill),
        ("detect", lambda: os.kill(detect.pid, signal.SIGSTOP)),
    ):
        assert pages_of(service) == []
        began = time.monotonic()
        silence()
        until(partial(pages_of, service))
        took = time.monotonic() - began
        assert took <= 2 * PERIOD, f"{service}: {took:.1f} s"

    os.kill(detect.pid, signal.SIGCONT)
    until(lambda: any("detect-core works again" in told for told in hooks.of("chat")))

    pager.kill()
    pings, until_then = hooks.pings, time.monotonic() + 2 * PERIOD
    until(lambda: time.monotonic() > until_then)
    assert hooks.pings <= pings + 1  # one may have been under way
