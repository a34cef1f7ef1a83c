"""The incidents service on a real broker: nothing is lost, whatever is killed or deleted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer as RawProducer

from runtime.broker import Producer
from runtime.kafka import KafkaBroker
from runtime.keepers import keepers_of
from runtime.signatures import Signer, generate, load_signer
from schemas.actions import Action
from schemas.alerts import Alert, Withdrawal
from schemas.codec import decode, encode
from schemas.headers import hop_headers
from schemas.incidents import Incident
from schemas.operations import DeadLetter
from schemas.topics import ACTIONS, ALERTS, DEAD_LETTERS, INCIDENTS
from tests.integration.incidents.running import (
    PATIENCE,
    Place,
    create_topics,
    everything,
    incidents,
    newest_cases,
    until,
)
from tests.unit.incidents.builders import START, action, alert, alert_id, incident, withdrawal

pytestmark = pytest.mark.kafka

CHANGELOG = "firebreak-incidents-cases-changelog"
RECEIVED_NS = 1_800_000_000_000_000_000
PROTOCOLS = ("meadow", "brook", "fen", "heath", "moor")


@pytest.fixture
def place(broker: KafkaBroker, bootstrap: str, namespace: str, tmp_path: Path) -> Place:
    create_topics(broker)
    return Place(bootstrap, namespace, tmp_path)


@pytest.fixture
def producer(broker: KafkaBroker, place: Place) -> Iterator[Producer]:
    producer = broker.producer()
    yield producer
    producer.close()


def send(
    producer: Producer, record: Alert | Withdrawal | Action, signer: Signer | None = None
) -> None:
    topic, value = (ACTIONS if isinstance(record, Action) else ALERTS).name, encode(record)
    headers = signer.sign(value, sequence=1, expires=2) if signer else ()
    headers += hop_headers({"received": RECEIVED_NS})
    producer.send(topic, value, key=record.protocol.encode(), headers=headers)


def write_raw(place: Place, topic: str, value: bytes | None, partition: int) -> None:
    """Write under the key of a protocol what the broker port would never write."""
    raw = RawProducer({"bootstrap.servers": place.bootstrap})
    raw.produce(place.namespace + topic, value, b"meadow", partition=partition)
    raw.flush()


def key(number: int, protocol: str) -> str:
    return f"{protocol}/{incident(number, protocol)}"


def sighted(cases: dict[str, Incident]) -> dict[str, list[str]]:
    return {name: sorted(s.alert for s in case.sightings) for name, case in cases.items()}


def test_alerts_and_actions_become_cases_and_what_is_not_believed_is_set_aside(
    place: Place, broker: KafkaBroker, producer: Producer, tmp_path: Path
) -> None:
    signer = load_signer(generate(tmp_path / "keys", "detector"))
    send(producer, action(1, "broadcast"))
    producer.send(ALERTS.name, b"\xffrubbish", key=b"meadow", headers=(("origin", b"x"),))
    producer.send(ALERTS.name, b"", key=None)
    write_raw(place, ALERTS.name, None, 0)
    send(producer, alert(3))
    send(producer, alert(1), signer)
    producer.flush()
    keys = {
        "FIREBREAK_RESPOND__TRUSTED_KEYS": str(tmp_path / "keys"),
        "FIREBREAK_INCIDENTS__SIGNING_KEY": str(generate(tmp_path / "own", "incidents")),
    }
    with incidents(place, **keys) as service:
        until(lambda: key(1, "meadow") in newest_cases(broker))
        send(producer, action(1, "final", step=1))
        send(producer, alert(2, protocol="brook"), signer)
        producer.flush()
        until(lambda: key(2, "brook") in newest_cases(broker))
        until(lambda: newest_cases(broker)[key(1, "meadow")].phase == "recover")
        case = newest_cases(broker)[key(1, "meadow")]
        assert [sighting.alert for sighting in case.sightings] == [alert_id(1)]
        assert [measure.state for measure in case.measures] == ["final"]
        assert case.hops == {"received": RECEIVED_NS // 1000}

        until(lambda: len(everything(broker, DEAD_LETTERS)) == 4)
        limit = DEAD_LETTERS.max_bytes
        letters = [
            decode(message.value or b"", DeadLetter, max_bytes=limit)
            for message in everything(broker, DEAD_LETTERS)
        ]
        assert {(letter.topic, letter.value, letter.fault) for letter in letters} == {
            (ALERTS.name, value, "content")
            for value in (b"\xffrubbish", b"", None, encode(alert(3)))
        }
        assert (("origin", b"x"),) in {letter.headers for letter in letters}

        keepers = keepers_of(tmp_path / "own")
        assert all(keepers.read(message) for message in everything(broker, INCIDENTS))

        status, listed = service.page("/cases/")
        assert status == 200
        assert {row["id"]: row["phase"] for row in listed["cases"]} == {
            incident(1): "recover",
            incident(2, "brook"): "detect",
        }
        status, shown = service.page("/cases/meadow/")
        assert status == 200
        assert shown["cases"][0]["sightings"][0]["alert"] == alert_id(1)
        assert service.page("/cases/nowhere/")[0] == 404
        assert service.metric('firebreak_dead_letters_total{fault="content"') == 4
        until(lambda: "firebreak_consumer_lag{" in service.metrics())
        until(lambda: service.metric("firebreak_consumer_lag{") == 0)
        assert service.process.stop() == 0


def test_a_kill_loses_no_alert_and_a_lost_disk_loses_no_case(
    place: Place, broker: KafkaBroker, producer: Producer
) -> None:
    for number in range(60):
        for protocol in PROTOCOLS:
            send(producer, alert(number, at=START + number, protocol=protocol))
    producer.flush()
    whole = {key(0, protocol): sorted(map(alert_id, range(60))) for protocol in PROTOCOLS}

    with incidents(place) as service:
        until(lambda: len(everything(broker, INCIDENTS)) > 20)
        assert sighted(newest_cases(broker)) != whole
        service.process.kill()
    with incidents(place) as service:
        until(lambda: sighted(newest_cases(broker)) == whole)
        service.process.kill()

    shutil.rmtree(service.home)
    for protocol in PROTOCOLS:
        send(producer, action(1, "final", for_alert=1, of=0, protocol=protocol))
        send(producer, withdrawal(5, protocol=protocol))
    producer.flush()
    with incidents(place) as service:
        until(lambda: all(case.measures for case in newest_cases(broker).values()))
        until(
            lambda: all(
                any(sighting.withdrawn for sighting in case.sightings)
                for case in newest_cases(broker).values()
            )
        )
        assert sighted(newest_cases(broker)) == whole
        assert {case.phase for case in newest_cases(broker).values()} == {"recover"}
        _, listed = service.page("/cases/")
        assert sorted(row["protocol"] for row in listed["cases"]) == sorted(PROTOCOLS)


def test_two_instances_share_the_partitions_and_one_takes_over(
    place: Place, broker: KafkaBroker, producer: Producer
) -> None:
    with incidents(place, "one") as one:
        for protocol in PROTOCOLS:
            send(producer, alert(0, protocol=protocol))
        producer.flush()
        until(lambda: len(newest_cases(broker)) == len(PROTOCOLS))
        with incidents(place, "two") as two:

            def kept() -> list[set[str]]:
                pages = (service.page("/cases/")[1] for service in (one, two))
                return [{row["protocol"] for row in page.get("cases", ())} for page in pages]

            until(lambda: all(kept()) and set.union(*kept()) == set(PROTOCOLS))
            assert not set.intersection(*kept())
            for protocol in PROTOCOLS:
                send(producer, alert(1, at=START + 1, protocol=protocol))
            producer.flush()
            until(lambda: all(len(c.sightings) == 2 for c in newest_cases(broker).values()))
            assert two.metric('firebreak_records_total{topic="alerts-v1"}') > 0
            assert two.process.stop() == 0
        for protocol in PROTOCOLS:
            send(producer, alert(2, at=START + 2, protocol=protocol))
        producer.flush()
        until(lambda: all(len(c.sightings) == 3 for c in newest_cases(broker).values()))
        assert len(newest_cases(broker)) == len(PROTOCOLS)


def test_a_record_that_stopped_the_service_is_not_skipped(
    place: Place, broker: KafkaBroker, producer: Producer
) -> None:
    """Faust itself would go on behind a record whose agent raised."""
    with incidents(place) as service:
        send(producer, alert(1))
        producer.flush()
        until(lambda: key(1, "meadow") in newest_cases(broker))
        (partition,) = {message.partition for message in everything(broker, ALERTS)}
        assert service.process.stop() == 0
    shutil.rmtree(service.home)
    write_raw(place, CHANGELOG, b"not a docket", partition)
    with incidents(place) as service:
        send(producer, alert(2, at=START + 1))
        producer.flush()
        assert service.process.wait(PATIENCE) == 4
        assert "cannot be read" in service.process.tail()
    write_raw(place, CHANGELOG, None, partition)
    with incidents(place):
        until(lambda: key(2, "meadow") in newest_cases(broker))
