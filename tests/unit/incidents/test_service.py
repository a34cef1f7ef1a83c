"""How the service names what stopped it."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.errors import (  # type: ignore[import-untyped]  # ships no types
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    TopicAuthorizationFailedError,
    UnsupportedCodecError,
)
from faust.exceptions import ConsistencyError

from incidents.service import _named, check_partitions
from runtime.memory import MemoryBroker
from runtime.settings import KafkaSettings, Settings
from schemas.errors import (
    ConfigurationError,
    PipelineError,
    TransientError,
    UnsafeToContinueError,
)
from schemas.services import SERVICES
from schemas.topics import ACTIONS, ALERTS


@pytest.mark.parametrize(
    ("error", "named", "says"),
    [
        (UnsafeToContinueError("the fuse"), UnsafeToContinueError, "the fuse"),
        (KafkaConnectionError(), TransientError, "no answer from Kafka at one:9092"),
        (
            TopicAuthorizationFailedError("alerts-v1"),
            ConfigurationError,
            "alerts-v1: this client",
        ),
        (GroupAuthorizationFailedError(), ConfigurationError, "firebreak acls apply"),
        (UnsupportedCodecError("lz4"), UnsafeToContinueError, "lz4"),
        (OSError(errno.EADDRINUSE, "in use"), ConfigurationError, "FIREBREAK_INCIDENTS__WEB_PORT"),
        (ConsistencyError("ahead"), ConfigurationError, "delete"),
        (ValueError("odd"), UnsafeToContinueError, "odd"),
    ],
)
def test_what_stopped_it_is_named_by_the_next_move(
    error: Exception, named: type[PipelineError], says: str, tmp_path: Path
) -> None:
    settings = Settings(kafka=KafkaSettings(bootstrap_servers="one:9092"))
    found = _named(error, settings, tmp_path)
    assert type(found) is named
    assert says in str(found)


def test_alerts_and_actions_must_be_cut_alike() -> None:
    broker = MemoryBroker()
    broker.create((ALERTS, replace(ACTIONS, partitions=2)))
    with pytest.raises(ConfigurationError, match=r"actions-v1 has 2 partitions, expected 4"):
        check_partitions(broker)


def test_topics_as_specified_are_fine() -> None:
    broker = MemoryBroker()
    broker.create(SERVICES["incidents"].reads)
    check_partitions(broker)
