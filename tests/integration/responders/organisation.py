"""Organisations that warn each other: each its topics, its settings, its processes."""

import json
import sys
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from eth_account import Account

from runtime.kafka import KafkaBroker
from sandbox.process import ChildProcess
from schemas.codec import encode
from schemas.ids import content_id
from schemas.topics import (
    ACTIONS,
    ALERTS,
    DEAD_LETTERS,
    EVENTS,
    INCIDENTS,
    READINESS,
    SIGNALS,
)
from tests.integration.responders.place import Place
from tests.unit.neighbours.examples import key
from tests.unit.neighbours.test_outbound import case, sighting

FIREBREAK = str(Path(sys.executable).with_name("firebreak"))
TOPICS = (ALERTS, ACTIONS, READINESS, SIGNALS, INCIDENTS, EVENTS, DEAD_LETTERS)


class Organisation:
    """Its topics, its settings, its processes."""

    def __init__(self, name: str, bootstrap: str, namespace: str, folder: Path) -> None:
        self.name, self.folder = name, folder / name
        self.folder.mkdir()
        space = f"{name}-{namespace}"
        self.broker = KafkaBroker({"bootstrap.servers": bootstrap}, namespace=space)
        self.broker.create(TOPICS)
        self.producer = self.broker.producer()
        self.environment = {
            "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": space,
            "FIREBREAK_HOME": str(self.folder / "home"),
            "FIREBREAK_PROTOCOLS": str(self.folder / "protocols"),
            "FIREBREAK_LOG__FORMAT": "json",
        }

    def start(self, stack: ExitStack, *command: str, **environment: str) -> ChildProcess:
        log = self.folder / f"{command[0]}.log"
        known = self.environment | environment
        process = ChildProcess([FIREBREAK, *command], log, environment=known)
        stack.callback(process.kill)
        return process

    def speak(self, stack: ExitStack, number: int, **environment: str) -> ChildProcess:
        """Tell neighbours of its cases, signed with the key of that number."""
        keystore = json.dumps(Account.encrypt(key(number), "secret", iterations=2))
        return self.start(
            stack,
            "signals",
            "serve",
            FIREBREAK_SIGNALS__PUBLISH="true",
            FIREBREAK_SIGNALS__KEYSTORE=self.private("issuer.json", keystore),
            FIREBREAK_SIGNALS__KEYSTORE_PASSWORD_FILE=self.private("password", "secret\n"),
            **environment,
        )

    def suffer(self, matter: int, place: Place) -> None:
        """Put the record of a case on its topic: the pool loses, and a brake is under way."""
        now = int(time.time())
        told = case(
            id=content_id("case", matter),
            chain="eip155:31337",
            opened=now - 60,
            latest=now,
            sightings=(sighting(losing=(place.world.pool.address,)),),
        )
        self.producer.send(INCIDENTS.name, encode(told), key=f"meadow/{told.id}".encode())
        self.producer.flush()

    def said(self, service: str, event: str) -> list[dict[str, Any]]:
        """What a service's own log has of an event."""
        lines = map(json.loads, (self.folder / f"{service}.log").read_text().splitlines())
        return [line for line in lines if line["event"] == event]

    def times(self, service: str, event: str) -> list[float]:
        """When something happened, in seconds since 1970, as the service's own log says."""
        return [
            datetime.fromisoformat(line["timestamp"]).timestamp()
            for line in self.said(service, event)
        ]

    def private(self, name: str, text: str) -> str:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return str(path)


def target(place: Place) -> str:
    """The pool, as signals name it."""
    return f"eip155:31337:{place.world.pool.address}"
