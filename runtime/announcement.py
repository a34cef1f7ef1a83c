"""Tells everyone how Firebreak is run: with what configuration a service begins, what is armed."""

from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from runtime.broker import Broker, Producer
from runtime.logs import logger, redacted
from runtime.service import Service
from runtime.settings import Settings
from runtime.settings_shown import shown
from schemas import headers
from schemas.changes import Arming, Configuration, Intent
from schemas.codec import encode
from schemas.ids import content_id
from schemas.topics import CHANGES, TopicSpec

_log = logger(__name__)

_LONGEST_SETTING = 4096
_MOST_MANIFESTS = 1000


def announce(broker: Broker, service: Service, settings: Settings) -> None:
    """Publish the configuration, and return once the topic has it.

    Where there is no such topic a warning is logged and the service does its work all the same:
    watching and braking must not hang on the record. Raises as `Producer.flush` does.
    """
    if not recorded(broker, CHANGES):
        return
    producer = broker.producer()
    change = configuration(service.name, settings, service.clock.now_ns() // 1000)
    publish(producer, CHANGES, change)
    producer.flush()
    producer.close()


def recorded(broker: Broker, topic: TopicSpec) -> bool:
    """Say whether there is a topic to tell changes on; log a warning where there is none."""
    there = broker.partitions(topic.name) > 0
    if not there:
        _log.warning("change_not_recorded", missing=topic.name)
    return there


def publish(producer: Producer, topic: TopicSpec, change: Configuration | Intent | Arming) -> None:
    """Hand a change to the producer."""
    producer.send(
        topic.name,
        encode(change),
        key=change.service.encode(),
        headers=((headers.RECORD_ID, change.id.encode()),),
    )


def configuration(service: str, settings: Settings, time: int) -> Configuration:
    """Return what there is to say of a service that begins at `time`, in microseconds."""
    files = sorted(settings.protocols.glob("*.toml"))[:_MOST_MANIFESTS]
    return Configuration(
        id=content_id("configuration", service, time),
        service=service,
        time=time,
        version=version("firebreak"),
        settings={
            row.name: redacted(row.value)[:_LONGEST_SETTING] for row in shown(settings, flags={})
        },
        manifests={path.name: _digest(path) for path in files},
    )


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
