"""Tells everyone how Firebreak is run: with what configuration a service begins, what is armed."""

import re
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from runtime.broker import Broker, Producer
from runtime.logs import MASK, logger, looks_secret, redacted
from runtime.service import Service
from runtime.settings import Settings
from runtime.settings_shown import shown
from schemas import headers
from schemas.changes import MAX_MANIFEST, Arming, Configuration, Intent
from schemas.codec import encode
from schemas.ids import content_id
from schemas.topics import CHANGES, TopicSpec

_log = logger(__name__)

_LONGEST_SETTING = 4096
_MOST_MANIFESTS = 1000

_NAMED = re.compile(r"(?<![\w.-])([\w.-]++)['\"]?\s*[=:]\s*")
"""A name with something assigned to it, in a line of TOML or of a comment."""


def announce(broker: Broker, service: Service, settings: Settings) -> None:
    """Publish the configuration and what each manifest says, and return once the topic has both.

    The manifests are told at every start: a service may not read the topic, so it cannot know what
    is there already.

    Where there is no such topic a warning is logged and the service does its work all the same:
    watching and braking must not hang on the record. Raises as `Producer.flush` does.
    """
    if not recorded(broker, CHANGES):
        return
    producer = broker.producer()
    for told in beginning(service.name, settings, service.clock.now_ns() // 1000):
        publish(producer, CHANGES, told)
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


def beginning(service: str, settings: Settings, time: int) -> list[Configuration]:
    """Return what there is to say of a service that begins at `time`, in microseconds: with what
    configuration, then what each manifest says, of the bytes whose hashes that one has."""
    texts = [_manifest(service, path, time) for path in _files(settings)]
    configuration = Configuration(
        id=content_id("configuration", service, time),
        service=service,
        time=time,
        version=version("firebreak"),
        settings={
            row.name: redacted(row.value)[:_LONGEST_SETTING] for row in shown(settings, flags={})
        },
        manifests={name: digest for text in texts for name, digest in text.manifests.items()},
    )
    return [configuration, *texts]


def _manifest(service: str, path: Path, time: int) -> Configuration:
    """Return what a manifest says.

    It has no place for a secret. What looks like one all the same, in a comment or an address, is
    masked as in a setting.
    """
    data = path.read_bytes()
    lines = redacted(data.decode(errors="replace")).split("\n")
    told = "\n".join(map(_masked, lines))[:MAX_MANIFEST]
    digest = sha256(data).hexdigest()
    return Configuration(
        id=content_id("manifest", service, path.name, time),
        service=service,
        time=time,
        version=version("firebreak"),
        settings={},
        manifests={path.name: digest},
        manifest=digest,
        text=told,
        whole=told.encode() == data,
    )


def _files(settings: Settings) -> list[Path]:
    return sorted(settings.protocols.glob("*.toml"))[:_MOST_MANIFESTS]


def _masked(line: str) -> str:
    """Return a line without what is assigned to a name that secrets have."""
    for found in _NAMED.finditer(line):
        if looks_secret(found[1]):
            return line[: found.end()] + MASK
    return line
