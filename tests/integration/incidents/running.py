"""The incidents service as its own process, on a real broker, and what it wrote there."""

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from schemas.codec import decode
from schemas.incidents import Incident
from schemas.services import SERVICES
from schemas.topics import BEATS, DEAD_LETTERS, INCIDENTS, TopicSpec

PATIENCE = 90.0
"""Seconds. Seldom more than six are needed, but machines can be busy."""


class Place(NamedTuple):
    """Where a service reads, writes and keeps its files."""

    bootstrap: str
    namespace: str
    folder: Path


class Incidents:
    """One instance of the service."""

    def __init__(self, place: Place, name: str = "one", **environment: str) -> None:
        self.home = place.folder / name
        self._web = f"http://127.0.0.1:{(web := free_port())}"
        self._health = f"http://127.0.0.1:{(health := free_port())}"
        self.process = ChildProcess(
            [str(Path(sys.executable).with_name("firebreak")), "incidents"],
            place.folder / f"{name}.log",
            environment={
                "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": place.bootstrap,
                "FIREBREAK_KAFKA__NAMESPACE": place.namespace,
                "FIREBREAK_HOME": str(self.home),
                "FIREBREAK_INCIDENTS__WEB_PORT": str(web),
                "FIREBREAK_HEALTH__PORT": str(health),
            }
            | environment,
        )

    def ready(self) -> bool:
        self.process.require_running()
        return answer(f"{self._health}/readyz")[0] == 200

    def metric(self, line: str) -> float:
        """The sum of a metric's rows that begin like this, 0 while none is shown."""
        rows = (row for row in self.metrics().splitlines() if row.startswith(line))
        return sum(float(row.rpartition(" ")[2]) for row in rows)

    def metrics(self) -> str:
        return answer(f"{self._health}/metrics")[1]

    def page(self, path: str) -> tuple[int, Any]:
        status, text = answer(f"{self._web}{path}")
        return status, json.loads(text)


@contextmanager
def incidents(place: Place, name: str = "one", **environment: str) -> Iterator[Incidents]:
    """Run an instance, ready to work; end it afterwards if the test did not."""
    instance = Incidents(place, name, **environment)
    try:
        until(instance.ready)
        yield instance
    finally:
        instance.process.kill()


def answer(address: str) -> tuple[int, str]:
    """Status and body; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def everything(broker: KafkaBroker, topic: TopicSpec) -> list[Message]:
    found: list[Message] = []
    for number in range(topic.partitions):
        read_all(broker, Partition(topic.name, number), found.append)
    return found


def newest_cases(broker: KafkaBroker) -> dict[str, Incident]:
    """What the compacted topic keeps: the newest state under each key."""
    return {
        (message.key or b"").decode(): decode(message.value or b"", Incident)
        for message in everything(broker, INCIDENTS)
    }


def create_topics(broker: KafkaBroker) -> None:
    broker.create((*SERVICES["incidents"].reads, INCIDENTS, BEATS, DEAD_LETTERS))
