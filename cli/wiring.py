"""Building the parts that several commands need, from the settings."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime import settings as configuration
from runtime.beats import Beats
from runtime.broker import Broker
from runtime.kafka import KafkaBroker
from runtime.manifests import load_manifests
from runtime.service import Service
from runtime.settings import Settings
from schemas.manifest import Manifest
from schemas.topics import TopicSpec

if TYPE_CHECKING:
    from detectors.scorer import ScorerMaker
    from runtime.broker import History

Flags = dict[str, Any]


def read_settings(**groups: Flags) -> Settings:
    """Read the settings with these flags on top; a flag that was not given (None) is left out.

    `read_settings(respond={"armed": True})` is what `--armed` does.
    """
    flags = {
        name: {key: value for key, value in group.items() if value is not None}
        for name, group in groups.items()
    }
    return configuration.load({name: group for name, group in flags.items() if group})


def connect(settings: Settings, *needed: TopicSpec, namespace: str | None = None) -> KafkaBroker:
    """Return the broker. Raises `ConfigurationError` if a topic that is needed does not exist,
    `TransientError` if no broker answers."""
    space = settings.kafka.namespace if namespace is None else namespace
    broker = KafkaBroker(
        settings.kafka.librdkafka(), replication=settings.kafka.replication, namespace=space
    )
    broker.require(spec.name for spec in needed)
    return broker


def past(settings: Settings, archive: Path | None, *needed: TopicSpec) -> "History":
    """Return where history is read from: an archive's folder, else the topics; raises as
    `connect`."""
    from forensics.archive.history import Archive

    return Archive(archive) if archive else connect(settings, *needed)


def beats_of(settings: Settings, broker: Broker, service: Service, group: str) -> Beats:
    """Return what tells the others that a process of this group works."""
    return Beats(broker, service.name, group, service.clock, settings.health.beat_seconds)


def read_manifests(settings: Settings) -> dict[str, Manifest]:
    """Return every manifest by protocol; none when the folder does not exist."""
    return load_manifests(settings.protocols) if settings.protocols.is_dir() else {}


def scorers(settings: Settings, set_name: str, *, events: bool) -> "ScorerMaker":
    """Return what makes a set's scorers; with `events` those of single events, whatever the set.

    Raises `ConfigurationError` as `load_set` does, and for a set that no setting names.
    """
    from detectors.sets import EventHostMaker, HostMaker, load_set

    manifests = read_manifests(settings)
    if events:
        return EventHostMaker(manifests, settings.finality_of)
    detectors = load_set(settings.detect.names(set_name), settings.detect.allowed)
    return HostMaker(set_name, detectors, manifests, settings.finality_of)
