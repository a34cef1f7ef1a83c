"""Kafka's official image in a container, for machines with a Docker engine.

It is told what a local broker is told (`sandbox.kafka_broker.server_properties`), so the same tests
mean the same on both.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from sandbox.kafka_broker import CLUSTER_ID, Member, server_properties
from sandbox.ports import HOST, free_port

COMPOSE = Path(__file__).parent.parent / "docker-compose.yml"
_INSIDE, _CONTROLLER = 9092, 9093
_DATA = Path("/tmp/kraft")
START_SECONDS = 60


def image() -> str:
    """Return the Kafka image that `docker-compose.yml` runs."""
    found = re.search(r"image:\s*(?:&\S+\s+)?(\S*kafka:\S+)", COMPOSE.read_text())
    assert found, f"{COMPOSE} names no Kafka image"
    return found[1]


def environment(port: int) -> dict[str, str]:
    """Return the image's settings for one broker that this machine reaches at a port."""
    alone = Member(1, _INSIDE, _CONTROLLER)
    settings = server_properties(alone, [alone], _DATA) | {
        "listeners": f"PLAINTEXT://0.0.0.0:{_INSIDE},CONTROLLER://{HOST}:{_CONTROLLER}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
    }
    named = {f"KAFKA_{name.upper().replace('.', '_')}": str(v) for name, v in settings.items()}
    return named | {"CLUSTER_ID": CLUSTER_ID}


@contextmanager
def contained_kafka() -> Iterator[str]:
    """Run a broker; yield its address."""
    port = free_port()
    container = DockerContainer(image()).with_bind_ports(f"{_INSIDE}/tcp", port)
    container.waiting_for(
        LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(START_SECONDS)
    )
    for name, value in environment(port).items():
        container.with_env(name, value)
    with container:
        yield f"{HOST}:{port}"
