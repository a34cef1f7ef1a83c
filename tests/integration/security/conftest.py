"""A Kafka with TLS, SCRAM and an authorizer, and a user for each service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.access import grants
from runtime.kafka_access import KafkaAccess
from sandbox import fetch
from schemas.services import SERVICES
from schemas.topics import TOPICS
from tests.integration.responders.conftest import braked_world, place
from tests.secured_kafka import ADMIN, SecuredKafka
from tests.waiting import until

__all__ = ["braked_world", "place"]
"""Fixtures of the responders' tests: a node with the sandbox's world on it."""

USER = "firebreak-{service}"


def _report(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="session")
def secured(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """A broker with the services' users, who may do nothing yet."""
    libs, java = fetch.kafka_libs(cache, _report), fetch.java(cache, _report)
    with SecuredKafka(tmp_path_factory.mktemp("secured"), libs, java) as kafka:
        kafka.admit(*(USER.format(service=name) for name in SERVICES), "stranger")
        yield kafka


@pytest.fixture(scope="session")
def shared(secured: SecuredKafka) -> str:
    """A namespace with every topic and every right in force, for tests that change neither."""
    space = "shared."
    everything = secured.broker(ADMIN, space)
    everything.create(TOPICS.values())
    producer = everything.producer()
    for topic in TOPICS:
        producer.send(topic, b"{}", key=b"some", partition=0)
    producer.close()
    access = KafkaAccess(secured.options(ADMIN))
    needed = grants(SERVICES.values(), f"User:{USER}", space)
    access.grant(needed)
    until(lambda: not access.missing(needed))
    # The list is ahead of what the broker enforces; the last user's last right tells when it is.
    for name, service in SERVICES.items():
        wanted = {topic.name for topic in (*service.reads, *service.writes)}
        user = secured.broker(USER.format(service=name), space)
        until(lambda: all(user.partitions(topic) for topic in wanted))  # noqa: B023 - called at once
    return space
