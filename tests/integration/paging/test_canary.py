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

from paging.words import plain
from runtime.beats import Beats
from runtime.broker import Message, Offsets, Partition, read_all
from runtime.clock import SystemClock
from runtime.kafka import KafkaBroker
from runtime.signatures import generate
from sandbox.process import ChildProcess
from schemas.codec import decode
from schemas.operations import Beat
from schemas.topics import ALERTS, BEATS, TOPICS, TRANSACTIONS
from tests.integration.paging.ears import Webhooks, webhooks
from tests.integration.responders.place import Place
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]

PERIOD = 4.0
"""Seconds; short for the test. The half period between silence and its page is room for a machine
that is busy with others."""

FIREBREAK = str(Path(sys.executable).with_name("firebreak"))

DEAFENED = """
import sys
from pathlib import Path

from cli.main import main
from runtime.broker import Partition
from runtime.kafka_consumer import KafkaConsumer

spot, fetch = Path(sys.argv.pop(1)), KafkaConsumer.fetch


def stuck(consumer, limit, timeout):
    if spot.exists():
        topic, _, number = spot.read_text().rpartition("/")
        if any(known == (topic, int(number)) for known in consumer.lags()):
            consumer.pause([Partition(topic, int(number))])
    return fetch(consumer, limit, timeout)


KafkaConsumer.fetch = stuck
main()
"""
"""A service as it is, whose consumer fetches a partition no more once a file names it."""


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

    def run(*arguments: str, spot: Path | None = None) -> ChildProcess:
        log = tmp_path / f"{arguments[0]}-{len(started)}.log"
        command = [FIREBREAK] if spot is None else [sys.executable, "-c", DEAFENED, str(spot)]
        started.append(ChildProcess([*command, *arguments], log, environment=environment))
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


def test_whoever_lives_and_passes_one_partition_no_more_is_told_of_within_two_periods(
    place: Place,
    broker: KafkaBroker,
    start: Callable[..., ChildProcess],
    hooks: Webhooks,
    tmp_path: Path,
) -> None:
    spots = {"detect": tmp_path / "detect.deaf", "respond": tmp_path / "respond.deaf"}
    start("ingest", "evm")
    living = [start(name, spot=spot) for name, spot in spots.items()]
    until(lambda: heard(place, broker) == {"ingest", "detect", "respond"}, patience=90)
    start("page")
    until(lambda: hooks.pings >= 2, patience=90)
    alerts = Writer(broker)

    def goes_on() -> None:
        """Let blocks and alerts come, and whoever writes alerts tell of it."""
        place.node.rpc("evm_mine")
        alerts.write()

    def passed(service: str, topic: str) -> bool:
        goes_on()
        return any(at.startswith(topic) for at in reads(broker, service))

    until(partial(passed, "detect", TRANSACTIONS.name))
    until(partial(passed, "respond", ALERTS.name))
    quiet = time.monotonic() + 2 * PERIOD

    def quiet_is_over() -> bool:
        goes_on()
        return time.monotonic() > quiet

    until(quiet_is_over)
    assert not any("deaf" in told for told in hooks.of("chat")), "who hears is not called deaf"

    def pages_of(words: str) -> list[str]:
        goes_on()
        return [told for told in hooks.of("chat") if words in told]

    for service, place_of in (("detect", f"{TRANSACTIONS.name}/7"), ("respond", alerts.spot)):
        topic, _, number = place_of.rpartition("/")
        words = plain(f"{service} is deaf: {topic}[{number}]")
        assert pages_of(words) == []
        began = time.monotonic()
        spots[service].write_text(place_of)
        until(partial(pages_of, words))
        took = time.monotonic() - began
        assert took <= 2 * PERIOD, f"{service}: {took:.1f} s"
    for process in living:
        process.require_running()
    assert not any("silent" in told for told in hooks.of("chat")), "they live"


class Writer:
    """Writes what no reader can use to one partition of the alerts, and tells of it as a detector
    would."""

    def __init__(self, broker: KafkaBroker) -> None:
        self._producer = broker.producer()
        self._beats = Beats(broker, "writer", "writer", SystemClock(), PERIOD)
        self._wrote: Offsets = {}
        self._due = 0.0
        self.write()

    @property
    def spot(self) -> str:
        """The partition."""
        ((topic, number),) = self._wrote
        return f"{topic}/{number}"

    def write(self) -> None:
        """Write one more, if a second is over."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + 1.0
            self._producer.send(ALERTS.name, b"{}", key=b"spot-oracle")
            self._wrote = dict(self._producer.flush())
        self._beats.tell(wrote=self._wrote)


def reads(broker: KafkaBroker, service: str) -> set[str]:
    """Which partitions a service has told that it reads."""
    found: set[str] = set()

    def take(message: Message) -> None:
        beat = decode(message.value or b"", Beat)
        if beat.service == service:
            found.update(beat.reads)

    read_all(broker, Partition(BEATS.name, 0), take)
    return found
