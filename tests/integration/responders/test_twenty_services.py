"""Twenty organisations tighten within a second of a warning: each a responder, and a door for
signals, as processes of their own on a real broker and node. Told through Kafka, and over HTTPS.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from sandbox.ports import free_port
from schemas.codec import encode
from schemas.ids import content_id
from schemas.topics import SIGNALS
from tests.integration.responders.organisation import Organisation, target
from tests.integration.responders.place import Place
from tests.secured_kafka import Authority
from tests.unit.neighbours.examples import address, signal
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow, pytest.mark.timeout(900)]

SUBSCRIBERS, ROUNDS, PATIENCE = 20, 6, 300.0
BY_KAFKA, BY_HTTPS = 1, 9
"""Neighbours' keys: one whose signals are put on the topic, one who posts them."""


class Subscriber(Organisation):
    """One that listens to two neighbours."""

    def begin(self, stack: ExitStack, place: Place, tls: Mapping[str, str]) -> None:
        manifest = place.world.write_manifest(self.folder / "protocols", "spot-oracle")
        listed = "".join(
            f'\n[[issuers]]\nname = "neighbour-{by}"\naddress = "{address(by)}"\nconfirmed = 30\n'
            f'concerns = ["{target(place)}"]\n'
            for by in (BY_KAFKA, BY_HTTPS)
        )
        manifest.write_text(manifest.read_text() + listed)
        self.health, self.door = free_port(), free_port()
        self.responder = self.start(
            stack,
            "respond",
            FIREBREAK_RESPOND__ENDPOINTS=json.dumps([str(place.node.ipc)]),
            FIREBREAK_RESPOND__JOURNAL=str(self.folder / "journal.jsonl"),
            FIREBREAK_HEALTH__PORT=str(self.health),
        )
        self.reception = self.start(
            stack, "signals", "serve", FIREBREAK_SIGNALS__WEB_PORT=str(self.door), **tls
        )

    def ready(self) -> bool:
        self.responder.require_running()
        self.reception.require_running()
        try:
            return httpx.get(f"http://127.0.0.1:{self.health}/readyz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def listens(self) -> bool:
        return '"listening"' in self.reception.log.read_text()

    def warned(self) -> list[float]:
        """When its responder took each warning in."""
        return self.times("respond", "warned")

    def odds(self) -> float:
        text = httpx.get(f"http://127.0.0.1:{self.health}/metrics", trust_env=False).text
        rows = [row for row in text.splitlines() if row.startswith("firebreak_warned_odds{")]
        return float(rows[0].rpartition(" ")[2]) if rows else 0.0


Town = tuple[Organisation, list[Subscriber]]


@pytest.fixture
def town(place: Place, bootstrap: str, namespace: str, tmp_path: Path) -> Iterator[Town]:
    authority = Authority(tmp_path)
    certificate, private = authority.issue("doors")
    tls = {
        "FIREBREAK_SIGNALS__TLS_CERTIFICATE": str(certificate),
        "FIREBREAK_SIGNALS__TLS_KEY": str(private),
    }
    with ExitStack() as stack:
        subscribers = [
            Subscriber(f"s{number}", bootstrap, namespace, tmp_path)
            for number in range(SUBSCRIBERS)
        ]
        for one in subscribers:
            one.begin(stack, place, tls)
        issuer = Organisation("issuer", bootstrap, namespace, tmp_path)
        place.world.write_manifest(issuer.folder / "protocols", "spot-oracle")
        told = "".join(
            f'[[subscribers]]\nname = "{one.name}"\nurl = "https://localhost:{one.door}/signals"\n'
            for one in subscribers
        )
        serving = issuer.speak(
            stack,
            BY_HTTPS,
            SSL_CERT_FILE=str(authority.path),
            FIREBREAK_SIGNALS__TLP="green",
            FIREBREAK_SIGNALS__SUBSCRIBERS=issuer.private("subscribers.toml", told),
        )
        until(lambda: all(one.ready() and one.listens() for one in subscribers), PATIENCE)
        serving.require_running()
        yield issuer, subscribers


def last(subscribers: Sequence[Subscriber], count: int) -> float:
    """Wait until everyone has taken so many warnings in; return when the last one did."""
    until(lambda: all(len(one.warned()) >= count for one in subscribers), 60)
    return max(one.warned()[count - 1] for one in subscribers)


def shown(how: str, found: Sequence[float]) -> None:
    told = ", ".join(f"{1000 * seconds:.0f}" for seconds in found)
    print(f"\n{how}: until the last of {SUBSCRIBERS} was warned, in ms: {told}")  # noqa: T201 - shown by -s


@pytest.fixture
def quiet() -> None:
    """Forty-one processes share the cores here that each would have for itself."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    if load > 1:
        pytest.skip(f"{load:.1f} processes want each core already: the second would be theirs")


@pytest.mark.usefixtures("quiet")
def test_twenty_services_tighten_within_a_second(town: Town, place: Place) -> None:
    """The slowest of all rounds, the first as well."""
    issuer, subscribers = town

    def by_kafka(turn: int) -> float:
        expiry = place.hands.timestamp() + 3600
        told = signal(
            BY_KAFKA,
            id=content_id("matter", turn),
            seq=turn + 1,
            expiry=expiry,
            target=target(place),
            confidence=10_000,
        )
        begun = time.time()
        for one in subscribers:
            one.producer.send(SIGNALS.name, encode(told), key=told.issuer.encode())
        for one in subscribers:
            one.producer.flush()
        return begun

    def by_https(turn: int) -> float:
        begun = time.time()
        issuer.suffer(turn, place)
        return begun

    kafka, https = [], []
    for turn in range(ROUNDS):
        begun = by_kafka(turn)
        kafka.append(last(subscribers, turn + 1) - begun)
    until(lambda: all(one.odds() > 1 for one in subscribers), 60)
    shown("through Kafka", kafka)
    for turn in range(ROUNDS):
        begun = by_https(turn)
        https.append(last(subscribers, ROUNDS + turn + 1) - begun)
    shown("over HTTPS, from the record of the case", https)
    assert max(kafka) < 1
    assert max(https) < 1
